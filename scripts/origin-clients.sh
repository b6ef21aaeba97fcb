#!/usr/bin/env bash
# Other S3 clients against the origin: each that is installed puts, lists, reads, copies and removes files.
# usage: npm run build && scripts/origin-clients.sh   (results of a run: docs/origin.md)
set -uo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
export AWS_ACCESS_KEY_ID=client AWS_SECRET_ACCESS_KEY=a-secret-of-clients AWS_DEFAULT_REGION=us-east-1
export AWS_CONFIG_FILE=$work/config AWS_EC2_METADATA_DISABLED=true
# Without this some versions presign with Signature Version 2, which AWS has given up too.
printf '[default]\ns3 =\n  signature_version = s3v4\n' >"$AWS_CONFIG_FILE"
# With it rclone's S3 does not start, and nothing here speaks TLS.
unset AWS_CA_BUNDLE
ORIGIN_PORT=0 ORIGIN_DIR=$work/origin ORIGIN_BUCKETS=pictures \
  ORIGIN_CREDENTIALS=$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY node dist/origin/main.js >"$work/listening" &
server=$!
trap 'kill $server; wait $server; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -s "$work/listening" ] && break; sleep 0.1; done
url=$(sed -E 's/.*"url":"([^"]+)".*/\1/' "$work/listening")
host=${url#http://}

mkdir -p "$work/tree/sub dir"
head -c 200000 /dev/urandom >"$work/small"
head -c 20000000 /dev/urandom >"$work/large"
echo one >"$work/tree/ä +1.txt"
echo two >"$work/tree/sub dir/two & three.txt"

failed=0
# try CLIENT WHAT COMMAND…: one line with what came of it
try() {
  local client=$1 what=$2
  shift 2
  if "$@" >"$work/out" 2>&1; then echo "$client | $what | ok"; else
    echo "$client | $what | FAILED: $(tail -n 1 "$work/out" | cut -c 1-160)"
    failed=1
  fi
}
# there CLIENT: whether it is installed
there() { "$@" --version >/dev/null 2>&1 || { echo "$1 | not installed |"; false; }; }

if there aws; then
  s3() { aws --endpoint-url "$url" s3 "$@"; }
  try aws 'make and list buckets' s3 mb s3://made-by-aws
  try aws 'put 200 KB' s3 cp "$work/small" s3://pictures/aws/small
  try aws 'get it' bash -c "aws --endpoint-url $url s3 cp s3://pictures/aws/small - | cmp - $work/small"
  try aws 'put 20 MB (multipart)' s3 cp "$work/large" s3://pictures/aws/large
  try aws 'get 20 MB (ranges)' bash -c "aws --endpoint-url $url s3 cp s3://pictures/aws/large $work/back && cmp $work/back $work/large"
  try aws 'sync a tree, odd names' s3 sync "$work/tree" s3://pictures/aws/tree
  try aws 'list it' bash -c "aws --endpoint-url $url s3 ls --recursive s3://pictures/aws/tree | grep -q 'two & three'"
  try aws 'copy' s3 cp s3://pictures/aws/small s3://pictures/aws/copy
  try aws 'presigned URL' bash -c "curl -fsS \"\$(aws --endpoint-url $url s3 presign s3://pictures/aws/small)\" | cmp - $work/small"
  try aws 'remove all' s3 rm --recursive s3://pictures/aws
fi

if there s3cmd; then
  cmd() {
    s3cmd --access_key="$AWS_ACCESS_KEY_ID" --secret_key="$AWS_SECRET_ACCESS_KEY" --host="$host" --host-bucket="$host" \
      --no-ssl --config=/dev/null "$@"
  }
  try s3cmd 'make a bucket' cmd mb s3://made-by-s3cmd
  try s3cmd 'put 200 KB' cmd put "$work/small" s3://pictures/s3cmd/small
  try s3cmd 'get it' cmd get --force s3://pictures/s3cmd/small "$work/back"
  try s3cmd 'put 20 MB (multipart)' cmd put "$work/large" s3://pictures/s3cmd/large
  try s3cmd 'list' cmd ls s3://pictures/s3cmd/
  try s3cmd 'sync a tree, odd names' cmd sync "$work/tree/" s3://pictures/s3cmd/tree/
  try s3cmd 'copy' cmd cp s3://pictures/s3cmd/small s3://pictures/s3cmd/copy
  try s3cmd 'remove all' cmd del --recursive --force s3://pictures/s3cmd/
fi

if there rclone; then
  export RCLONE_CONFIG=/dev/null RCLONE_CONFIG_O_TYPE=s3 RCLONE_CONFIG_O_PROVIDER=Other RCLONE_CONFIG_O_ENDPOINT=$url
  export RCLONE_CONFIG_O_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID RCLONE_CONFIG_O_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY
  export RCLONE_CONFIG_O_FORCE_PATH_STYLE=true RCLONE_CONFIG_O_REGION=us-east-1 RCLONE_CONFIG_O_ACL=
  export RCLONE_RETRIES=1 RCLONE_S3_UPLOAD_CUTOFF=5M
  try rclone 'put 200 KB' rclone copyto "$work/small" o:pictures/rclone/small
  try rclone 'get it' bash -c "rclone cat o:pictures/rclone/small | cmp - $work/small"
  try rclone 'put 20 MB (multipart)' rclone copyto "$work/large" o:pictures/rclone/large
  try rclone 'sync a tree, odd names' rclone sync "$work/tree" o:pictures/rclone/tree
  try rclone 'check it' rclone check "$work/tree" o:pictures/rclone/tree
  try rclone 'list' rclone lsf -R o:pictures/rclone
  try rclone 'copy' rclone copyto o:pictures/rclone/small o:pictures/rclone/copy
  try rclone 'remove all' rclone purge o:pictures/rclone
fi

if python3 -c 'import boto3' 2>/dev/null; then
  try boto3 'put, head, list, get, delete' python3 -c "
import boto3
from botocore.config import Config
s3 = boto3.client('s3', endpoint_url='$url', config=Config(s3={'addressing_style': 'path'}))
s3.put_object(Bucket='pictures', Key='boto3/ä', Body=b'body', Metadata={'a': '1'})
assert s3.head_object(Bucket='pictures', Key='boto3/ä')['Metadata'] == {'a': '1'}
assert [o['Key'] for o in s3.list_objects_v2(Bucket='pictures', Prefix='boto3/')['Contents']] == ['boto3/ä']
assert s3.get_object(Bucket='pictures', Key='boto3/ä')['Body'].read() == b'body'
s3.delete_objects(Bucket='pictures', Delete={'Objects': [{'Key': 'boto3/ä'}]})
"
else echo 'boto3 | not installed |'; fi
exit $failed
