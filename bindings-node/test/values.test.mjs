// The analyses on values that the vectors leave out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as dermawan from 'dermawan'

// A series that grows by 200,000 a month, so that a straight line has no error.
const line = { first: '2024-01', values: Array.from({ length: 24 }, (_, i) => 5_000_000 + 200_000 * i) }

test('the line wins the backtest of a line', async () => {
  const { scores } = await dermawan.forecastBacktest(line, { methods: ['ols', 'naive'], horizon: 2, origins: 6 })
  assert.deepEqual([scores[0].method, scores[0].forecasts, scores[1].method], ['ols', 12, 'naive'])
  assert.ok(scores[0].smape < 1e-9)
  // One and two months ahead the naive forecast is 200,000 and 400,000 behind.
  assert.ok(scores[1].smape > 2)
  await assert.rejects(dermawan.forecastBacktest({ first: '2026-01', values: [1, 2, 3] }), { code: 'not_enough_history' })
})

test('a forecast in words', () => {
  const options = { method: 'ols' }
  assert.match(dermawan.explainForecast(line, null, options, 'en'), /^For January 2026 Rp 9\.800\.000 is expected/)
  assert.match(dermawan.explainForecast(line, 1, options), /^Untuk Januari 2026 diperkirakan Rp 9\.800\.000/)
  assert.equal(dermawan.explainForecast(line, 0), '')
  assert.throws(() => dermawan.explainForecast(line, 1, options, 'nl'), { code: 'invalid_input' })
})

const repeat = (donors = 60) => {
  const frequency = Array.from({ length: donors }, (_, i) => i % 5)
  const recency = frequency.map((n, i) => n * (i % 3 === 0 ? 100 : 30))
  return { frequency, recency, age: frequency.map((_, i) => 400 + i) }
}

test('a fit predicts and is plain', async () => {
  const fitted = await dermawan.churnFit(repeat(), { model: 'bg_nbd' })
  const predictions = dermawan.churnPredict(fitted, repeat(), { horizon: 180 })
  assert.equal(predictions.p_no_gift.length, 60)
  assert.ok(predictions.p_no_gift_low.every((low, i) => low < predictions.p_no_gift_high[i]))
  // Without the covariance of a fit, the same without an interval.
  const bare = dermawan.churnPredict({ model: 'bg_nbd', parameters: fitted.parameters }, repeat(), { horizon: 180 })
  assert.deepEqual(bare.p_no_gift, predictions.p_no_gift)
  assert.ok(bare.p_no_gift_low.every((low, i) => Math.abs(low - predictions.p_no_gift[i]) < 1e-12))
  await assert.rejects(dermawan.churnFit(repeat(10)), { code: 'not_enough_history' })
  assert.throws(() => dermawan.churnPredict({ model: 'bg_nbd', parameters: [0, 1, 1, 1] }, repeat()), { code: 'invalid_input' })
})

/** Sixty donors who give every month; every other one stops after a year. */
function giftDays() {
  const days = [2022, 2023, 2024, 2025].flatMap((year) =>
    Array.from({ length: 12 }, (_, i) => `${year}-${String(i + 1).padStart(2, '0')}-05`))
  const gifts = { donor: [], day: [], total: [] }
  for (let donor = 1; donor <= 60; donor++) {
    for (const day of donor % 2 ? days : days.slice(0, 12 + (donor % 7))) {
      gifts.donor.push(donor)
      gifts.day.push(day)
      gifts.total.push(100_000)
    }
  }
  return gifts
}

test('the past judges the methods', async () => {
  const backtest = await dermawan.churnBacktest(giftDays(), '2025-12-31')
  assert.ok(backtest.outcomes.some(({ method }) => method === 'base_rate'))
  assert.ok(['better', 'not_better', 'too_little_history'].includes(backtest.reason))
  const short = { donor: [1], day: ['2025-01-01'], total: [1] }
  await assert.rejects(dermawan.churnBacktest(short, '2025-12-31'), { code: 'not_enough_history' })
})

test('good chances are told from bad ones', () => {
  const good = dermawan.churnEvaluate([0.9, 0.8, 0.2, 0.1], [true, true, false, false], 0.5)
  assert.deepEqual([good.auc, good.lift, good.base_rate], [1, 2, 0.5])
  assert.equal(dermawan.churnEvaluate([0.1, 0.2, 0.8, 0.9], [true, true, false, false]).auc, 0)
})

test('where donors stand', () => {
  const giving = {
    donor: [1, 1, 2, 3, 4, 4, 5],
    year: [2024, 2025, 2025, 2024, 2023, 2025, 2023],
    count: Array(7).fill(1),
    total: Array(7).fill(100_000),
  }
  const { donor, standing } = dermawan.standings(giving, 2025)
  assert.deepEqual(donor, [1, 2, 3, 4, 5])
  assert.deepEqual(standing, ['retained', 'new', 'lybunt', 'recaptured', 'sybunt'])
})

test('a zero too many', () => {
  const months = Array.from({ length: 10 }, (_, i) => `2025-${String(i + 1).padStart(2, '0')}`)
  const amount = [100_000, 110_000, 90_000, 100_000, 105_000, 95_000, 100_000, 100_000, 110_000, 10_000_000]
  const gifts = { donor: Array(10).fill(1), amount, date: months.map((month) => `${month}-05`) }
  const found = dermawan.unusualGifts(gifts, '2025-12-31')
  assert.deepEqual(found.map(({ donor, amount, usual }) => [donor, amount, usual]), [[1, 10_000_000, 100_000]])

  const rows = months.map((month, i) => ({ month, total: i === 9 ? 900_000_000 : 100_000_000 + 1_000_000 * (i % 3), count: 50 }))
  assert.deepEqual(dermawan.incomeAnomalies(rows, '2025-11-03').anomalies.map(({ month }) => month), ['2025-10'])
})

test('a line worth a look', () => {
  const n = 40
  const rows = Array.from({ length: n }, (_, i) => i)
  const two = (number) => String(number).padStart(2, '0')
  const lines = {
    entry: rows.map((i) => i + 1),
    direction: Array(n).fill('expense'),
    category: Array(n).fill(1),
    amount: rows.map((i) => (i === n - 1 ? 50_000_000 : 500_000 + 1_000 * ((7 * i) % 40))),
    date: rows.map((i) => `2025-${two(1 + Math.floor(i / 4))}-${two(1 + 7 * (i % 4))}`),
  }
  const found = dermawan.screen(lines, '2025-12-31')
  assert.deepEqual([found.tested, found.suspects[0].entry], [40, 40])
  assert.deepEqual(Object.keys(found.findings[0].why).sort(), ['en', 'id'])
  const silent = dermawan.screen(lines, '2025-12-31', [40])
  assert.ok(silent.suspects.every(({ entry }) => entry !== 40))
  assert.throws(() => dermawan.screen({ ...lines, amount: [1] }, '2025-12-31'), { code: 'invalid_input' })
})

test('a stream is watched', () => {
  const stream = new dermawan.Stream({ seasons: [7], probation: 50 })
  for (let i = 0; i < 300; i++) {
    assert.equal(stream.update(100 + (i % 7) + (i % 2 ? 0.1 : -0.1) * (i % 5)).alarm, false)
  }
  const jump = stream.update(1_000)
  assert.ok(jump.alarm && jump.score > 0.3 && jump.p_value < 1e-4)
  for (const missing of [null, NaN]) assert.equal(stream.update(missing).p_value, 1)
  assert.throws(() => stream.update(Infinity), { code: 'invalid_input' })
  assert.throws(() => new dermawan.Stream({ probation: 1 }), { code: 'invalid_input' })
})

test('pictures take findings as they are', () => {
  const picture = { kind: 'forecast', history: line, forecast: dermawan.forecast(line) }
  assert.match(dermawan.chartSvg(picture, { language: 'en' }), /^<svg /)
  const png = dermawan.chartPng(picture, { scale: 1 })
  assert.ok(Buffer.isBuffer(png))
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [480, 320])
  assert.throws(() => dermawan.chartPng(picture, { scale: 9 }), { code: 'invalid_input' })
  assert.throws(() => dermawan.chartSvg({ kind: 'pie' }), { code: 'invalid_input' })
})
