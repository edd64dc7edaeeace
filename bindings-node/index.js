'use strict'

// The addon looks for its DuckDB library beside itself, so both files travel in this package.
const native = require('./dermawan.node')

// Named one by one, so that `import { version } from 'dermawan'` finds them.
module.exports.isWholeMonth = native.isWholeMonth
module.exports.probe = native.probe
module.exports.rupiah = native.rupiah
module.exports.version = native.version
