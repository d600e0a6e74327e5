"""Run every benchmark on the built platform, one after the other."""

from benchmarks import (
    collector,
    customer_predictions,
    forecast_protocol,
    identity,
    layers,
    loading,
    recommendations,
    sequence_models,
    similarity_quality,
    similarity_speed,
)

if __name__ == "__main__":
    for benchmark in (
        similarity_quality,
        similarity_speed,
        forecast_protocol,
        customer_predictions,
        recommendations,
        sequence_models,
        collector,
        loading,
        layers,
        identity,
    ):
        benchmark.main()
