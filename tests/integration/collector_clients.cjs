// Send one event of every type with each Node client; arguments: the collector's address and a write key. `make clients` runs it.
const { Analytics } = require("@segment/analytics-node");
const RudderAnalytics = require("@rudderstack/rudder-sdk-node");

const [url, writeKey] = process.argv.slice(2);
const failures = [];

function sendAll(client) {
  client.identify({ userId: "u1", traits: { email: "jane@example.com" } });
  client.track({ userId: "u1", event: "Order Completed", properties: { total: 12.5, note: "half 😀".slice(0, 6) }, timestamp: new Date() });
  client.page({ userId: "u1", name: "Home", properties: { url: "https://shop.example/" } });
  client.screen({ userId: "u1", name: "Home" });
  client.group({ userId: "u1", groupId: "g1", traits: { plan: "plus" } });
  client.alias({ userId: "u1", previousId: "a1" });
}

async function main() {
  const segment = new Analytics({ writeKey, host: url });
  segment.on("error", (error) => failures.push(error));
  sendAll(segment);
  await segment.closeAndFlush();
  for (const gzip of [true, false]) {
    const rudder = new RudderAnalytics(writeKey, { dataPlaneUrl: url, gzip, flushInterval: 200 });
    sendAll(rudder);
    await rudder.flush();
  }
}

main().then(
  () => process.exit(failures.length ? 1 : 0),
  (error) => {
    console.error(error, failures);
    process.exit(1);
  },
);
