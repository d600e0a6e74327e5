-- The data may begin in the middle of their first day: the second one is the first that is surely whole.
{{ sales_series('day', 'sold_on', first_whole_on=add_days('min(orders.order_on)', 1)) }}
