'use strict'

// The addon looks for its DuckDB library beside itself, so both files travel in this package.
const native = require('./dermawan.node')

// Named one by one, so that `import { forecast } from 'dermawan'` finds them.
module.exports.Analytics = native.Analytics
module.exports.Stream = native.Stream
module.exports.cashFlow = native.cashFlow
module.exports.chartPng = native.chartPng
module.exports.chartSvg = native.chartSvg
module.exports.churnBacktest = native.churnBacktest
module.exports.churnEvaluate = native.churnEvaluate
module.exports.churnFit = native.churnFit
module.exports.churnPredict = native.churnPredict
module.exports.churnScore = native.churnScore
module.exports.expenseAnomalies = native.expenseAnomalies
module.exports.explainForecast = native.explainForecast
module.exports.forecast = native.forecast
module.exports.forecastBacktest = native.forecastBacktest
module.exports.forecastMany = native.forecastMany
module.exports.generalisedEsd = native.generalisedEsd
module.exports.incomeAnomalies = native.incomeAnomalies
module.exports.lifetimeValue = native.lifetimeValue
module.exports.nextGift = native.nextGift
module.exports.retention = native.retention
module.exports.rfm = native.rfm
module.exports.screen = native.screen
module.exports.segments = native.segments
module.exports.simulateCashFlow = native.simulateCashFlow
module.exports.standings = native.standings
module.exports.unusualGifts = native.unusualGifts
module.exports.unusualTransactions = native.unusualTransactions
module.exports.version = native.version
