#!/bin/sh
# The bucket is there before anybody is told that this is ready. Twice does no harm.
set -eu
s3=${STORAGE_URL:-http://127.0.0.1:4566}
curl -fsS -o /dev/null -X PUT "$s3/${HALFTONE_BUCKET:-halftone}"
