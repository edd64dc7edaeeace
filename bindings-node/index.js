'use strict'

// The addon looks for its DuckDB library beside itself, so both files travel in this package.
const native = require('./dermawan.node')

// Named one by one, so that `import { forecast } from 'dermawan'` finds them.
module.exports.Analytics = native.Analytics
module.exports.cashFlow = native.cashFlow
module.exports.churnScore = native.churnScore
module.exports.expenseAnomalies = native.expenseAnomalies
module.exports.forecast = native.forecast
module.exports.lifetimeValue = native.lifetimeValue
module.exports.segments = native.segments
module.exports.unusualTransactions = native.unusualTransactions
module.exports.version = native.version
