// The vectors that the Rust library and the Python package run too.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import * as dermawan from 'dermawan'

const folder = new URL('../../core/testdata/vectors/', import.meta.url)

const functions = {
  forecast: ({ series, horizon }, options) => dermawan.forecast(series, horizon, options),
  cash_flow: ({ income, expense, balance }, options) => dermawan.cashFlow(income, expense, balance, options),
  cash_flow_ahead: ({ income, expense, balance, so_far }, options) =>
    dermawan.cashFlowAhead(income, expense, balance, so_far, options),
  simulate_cash_flow: ({ income, expense, balance, so_far }, options) =>
    dermawan.simulateCashFlow(income, expense, balance, so_far, options),
  simulate_cash_flow_by_category: ({ income, expense, balance, so_far }, options) =>
    dermawan.simulateCashFlowByCategory(income, expense, balance, so_far, options),
  forecast_many: ({ parts, total, horizon, how }, options) => dermawan.forecastMany(parts, total, horizon, how, options),
  next_gift: ({ dates, amounts, as_of }, options) => dermawan.nextGift(dates, amounts, as_of, options),
  next_gifts: ({ starts, dates, amounts, as_of }, options) => dermawan.nextGifts(starts, dates, amounts, as_of, options),
  churn_score: ({ gifts, as_of }, options) => dermawan.churnScore(gifts, as_of, options),
  segments: ({ gifts, as_of, never_gave }, options) => dermawan.segments(gifts, as_of, never_gave, options),
  lifetime_value: ({ gifts, as_of }) => dermawan.lifetimeValue(gifts, as_of),
  expense_anomalies: ({ rows, as_of }, options) => dermawan.expenseAnomalies(rows, as_of, options),
  unusual_transactions: ({ entries, as_of }, options) => dermawan.unusualTransactions(entries, as_of, options),
  churn_fit: (repeat, options) => dermawan.churnFit(repeat, options),
  churn_predict: ({ repeat, ...fitted }, options) => dermawan.churnPredict(fitted, repeat, options),
  churn_evaluate: ({ p_no_gift, left, capacity }) => dermawan.churnEvaluate(p_no_gift, left, capacity),
  rfm: ({ giving, as_of }) => dermawan.rfm(giving, as_of),
  retention: ({ giving, last_year }) => dermawan.retention(giving, last_year),
  chart_svg: ({ picture }, options) => dermawan.chartSvg(picture, options),
  generalised_esd: ({ values, most, level }) => dermawan.generalisedEsd(values, most, level),
  fit_spending: ({ spending }, options) => dermawan.fitSpending(spending, options),
  predict_spending: ({ fitted, spending }) => dermawan.predictSpending(fitted, spending),
  churn_outlook: ({ giving, method, as_of, opportunities, seasons }, options) =>
    dermawan.churnOutlook(giving, method, as_of, opportunities, seasons, options),
  recommend: ({ outlooks }, options) => dermawan.recommend(outlooks, options),
  recommend_by_rule: ({ scores, values }, options) => dermawan.recommendByRule(scores, values, options),
  standings: ({ giving, year }) => dermawan.standings(giving, year),
  churn_backtest: ({ gifts, as_of }, options) => dermawan.churnBacktest(gifts, as_of, options),
  unusual_gifts: ({ gifts, as_of }, options) => dermawan.unusualGifts(gifts, as_of, options),
  income_anomalies: ({ months, as_of }, options) => dermawan.incomeAnomalies(months, as_of, options),
  screen: ({ lines, as_of, accepted }, options) => dermawan.screen(lines, as_of, accepted, options),
  benford: ({ amounts }) => dermawan.benford(amounts),
  sequence_gaps: ({ entries, most }) => dermawan.sequenceGaps(entries, most),
  stream: ({ values }, options) => {
    const stream = new dermawan.Stream(options)
    return values.map((value) => stream.update(value))
  },
  forecast_backtest: ({ series }, options) => dermawan.forecastBacktest(series, options),
  explain_forecast: ({ series, horizon, language }, options) => dermawan.explainForecast(series, horizon, options, language),
  parse_number: ({ text }) => dermawan.parseNumber(text),
  read_sender: ({ name }) => dermawan.readSender(name),
  fonnte_answer: ({ status, body }) => dermawan.fonnteAnswer(status, Buffer.from(body)),
  fonnte_webhook: ({ body, headers }, options) => dermawan.Transport.fonnte(options).parse(Buffer.from(body), headers),
  cloud_answer: ({ status, body }) => dermawan.cloudAnswer(status, Buffer.from(body)),
  cloud_webhook: ({ body, headers }, options) => dermawan.Transport.cloud(options).parse(Buffer.from(body), headers),
  cloud_challenge: ({ mode, token, challenge }, options) => dermawan.cloudChallenge(options, mode, token, challenge),
  due: ({ now, past, time_zone }, options) => dermawan.due(now, past, options, time_zone),
  missed_report: ({ now, past }, options) => dermawan.missedReport(now, past, options),
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Where ours differs; an expected object names the keys it checks, an array is checked whole. */
function difference(ours, expected, tolerance, where = '') {
  if (isObject(ours) && isObject(expected)) {
    for (const [key, value] of Object.entries(expected)) {
      if (!(key in ours)) return `${where}.${key} is missing`
      const found = difference(ours[key], value, tolerance, `${where}.${key}`)
      if (found) return found
    }
    return null
  }
  if (Array.isArray(ours) && Array.isArray(expected)) {
    if (ours.length !== expected.length) return `${where} has ${ours.length} items, expected ${expected.length}`
    for (let i = 0; i < ours.length; i++) {
      const found = difference(ours[i], expected[i], tolerance, `${where}[${i}]`)
      if (found) return found
    }
    return null
  }
  if (typeof ours === 'number' && typeof expected === 'number') {
    const near = Math.abs(ours - expected) <= tolerance * Math.max(Math.abs(expected), 1)
    return near ? null : `${where} is ${ours}, expected ${expected}`
  }
  return ours === expected ? null : `${where} is ${ours}, expected ${expected}`
}

test('the comparison finds differences', () => {
  const ours = { a: [1, null], b: 'x', more: 1 }
  assert.equal(difference(ours, { a: [1 + 1e-12, null], b: 'x' }, 1e-9), null)
  for (const expected of [{ a: [1.1, null] }, { a: [1] }, { b: 'y' }, { c: 1 }, { a: [1, 0] }]) {
    assert.ok(difference(ours, expected, 1e-9), JSON.stringify(expected))
  }
})

const files = readdirSync(folder).filter((name) => name.endsWith('.json'))

test('all files are there', () => assert.deepEqual(files.map((name) => name.slice(0, -5)).sort(), Object.keys(functions).sort()))

for (const name of files) {
  const file = JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
  for (const { name: title, input, options, expected } of file.cases) {
    test(`${file.function}: ${title}`, async () => {
      let ours
      try {
        ours = await functions[file.function](input, options)
      } catch (error) {
        ours = { error: error.code }
      }
      assert.equal(difference(ours, expected, file.tolerance), null)
    })
  }
}
