#!/bin/sh
# A distribution for the gateway to purge. The seed gives it the same id each time: U71HFE86Y5R21. Twice does no harm.
set -eu
api=${HALFTONE_CLOUDFRONT_ENDPOINT:-http://127.0.0.1:4567}
# The server looks at a signature for the name of the service only.
service='authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cloudfront/aws4_request, SignedHeaders=host, Signature=none'

curl -fsS -H "$service" "$api/2020-05-31/distribution" | grep -q '<Id>' && exit 0

curl -fsS -o /dev/null -X POST "$api/moto-api/seed?a=42"
curl -fsS -o /dev/null -H "$service" -H 'content-type: application/xml' "$api/2020-05-31/distribution" --data-binary @- <<'XML'
<DistributionConfig xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">
  <CallerReference>halftone</CallerReference>
  <Comment>halftone</Comment>
  <Enabled>true</Enabled>
  <Origins>
    <Quantity>1</Quantity>
    <Items>
      <Origin>
        <Id>gateway</Id>
        <DomainName>gateway.example.com</DomainName>
        <CustomOriginConfig>
          <HTTPPort>80</HTTPPort>
          <HTTPSPort>443</HTTPSPort>
          <OriginProtocolPolicy>https-only</OriginProtocolPolicy>
        </CustomOriginConfig>
      </Origin>
    </Items>
  </Origins>
  <DefaultCacheBehavior>
    <TargetOriginId>gateway</TargetOriginId>
    <ViewerProtocolPolicy>redirect-to-https</ViewerProtocolPolicy>
  </DefaultCacheBehavior>
</DistributionConfig>
XML
