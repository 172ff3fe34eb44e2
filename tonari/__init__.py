"""The command line: the one place that knows pipeline, gtfs and tiles_server."""
