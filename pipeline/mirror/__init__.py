"""Releases on object storage (S3): a bucket, what is pushed to it, what lies there."""
