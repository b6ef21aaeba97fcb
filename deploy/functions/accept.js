// The best format that the viewer wants, as one of three words where Accept has hundreds of spellings.
var TYPES = { avif: ['image/avif'], webp: ['image/webp'], jpeg: ['image/jpeg', 'image/*', '*/*'] }

// The weights of a header by media range; one with parameters is left out, as it means something narrower.
function weightsOf(accept) {
  var weights = {}
  accept.split(',').forEach(function (range) {
    var parts = range.split(';')
    var weight = 1
    for (var i = 1; i < parts.length; i += 1) {
      var pair = parts[i].split('=')
      if (pair[0].trim() !== 'q') return
      weight = Number((pair[1] || '').trim())
    }
    var type = parts[0].trim()
    if (weight >= 0 && weight <= 1) weights[type] = Math.max(weight, weights[type] || 0)
  })
  return weights
}

// The most specific range that is there decides.
function weightOf(weights, types) {
  for (var i = 0; i < types.length; i += 1) {
    if (weights[types[i]] !== undefined) return weights[types[i]]
  }
  return 0
}

function handler(event) {
  var headers = event.request.headers
  var weights = weightsOf(headers.accept ? headers.accept.value.toLowerCase() : '')
  var best = 'jpeg'
  var bestWeight = 0
  for (var format in TYPES) {
    var weight = weightOf(weights, TYPES[format])
    if (weight > bestWeight) {
      best = format
      bestWeight = weight
    }
  }
  headers['x-img-accept'] = { value: best }
  return event.request
}
