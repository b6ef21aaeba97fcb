// What the bucket answers may be read by any page, like what the gateway answers.
function handler(event) {
  event.response.headers['access-control-allow-origin'] = { value: '*' }
  return event.response
}
