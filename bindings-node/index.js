'use strict'

// The addon looks for its DuckDB library beside itself, so both files travel in this package.
const native = require('./dermawan.node')

// Named one by one, so that `import { forecast } from 'dermawan'` finds them.
module.exports.Analytics = native.Analytics
module.exports.Inbox = native.Inbox
module.exports.Outbox = native.Outbox
module.exports.Register = native.Register
module.exports.Runs = native.Runs
module.exports.Stream = native.Stream
module.exports.Transport = native.Transport
module.exports.Worker = native.Worker
module.exports.benford = native.benford
module.exports.cashFlow = native.cashFlow
module.exports.cashFlowAhead = native.cashFlowAhead
module.exports.chartPng = native.chartPng
module.exports.chartSvg = native.chartSvg
module.exports.churnBacktest = native.churnBacktest
module.exports.churnEvaluate = native.churnEvaluate
module.exports.churnFit = native.churnFit
module.exports.churnOutlook = native.churnOutlook
module.exports.churnPredict = native.churnPredict
module.exports.churnScore = native.churnScore
module.exports.cloudAnswer = native.cloudAnswer
module.exports.cloudChallenge = native.cloudChallenge
module.exports.due = native.due
module.exports.expenseAnomalies = native.expenseAnomalies
module.exports.explainForecast = native.explainForecast
module.exports.fitSpending = native.fitSpending
module.exports.fonnteAnswer = native.fonnteAnswer
module.exports.forecast = native.forecast
module.exports.forecastBacktest = native.forecastBacktest
module.exports.forecastMany = native.forecastMany
module.exports.generalisedEsd = native.generalisedEsd
module.exports.incomeAnomalies = native.incomeAnomalies
module.exports.lifetimeValue = native.lifetimeValue
module.exports.missedReport = native.missedReport
module.exports.nextGift = native.nextGift
module.exports.nextGifts = native.nextGifts
module.exports.parseNumber = native.parseNumber
module.exports.predictSpending = native.predictSpending
module.exports.readSender = native.readSender
module.exports.recommend = native.recommend
module.exports.recommendByRule = native.recommendByRule
module.exports.retention = native.retention
module.exports.rfm = native.rfm
module.exports.screen = native.screen
module.exports.segments = native.segments
module.exports.sequenceGaps = native.sequenceGaps
module.exports.simulateCashFlow = native.simulateCashFlow
module.exports.simulateCashFlowByCategory = native.simulateCashFlowByCategory
module.exports.standings = native.standings
module.exports.unusualGifts = native.unusualGifts
module.exports.unusualTransactions = native.unusualTransactions
module.exports.version = native.version
