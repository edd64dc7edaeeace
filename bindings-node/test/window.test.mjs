// What goes through the window: values, errors with code and hint, promises.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { isWholeMonth, probe, rupiah, version } from 'dermawan'

const here = new URL('.', import.meta.url)
const read = (path) => readFileSync(new URL(path, here), 'utf8')

test('amounts are exact to the sen', () => {
  assert.equal(rupiah('6000000'), '6000000.00')
  assert.equal(rupiah('-0.5'), '-0.50')
  assert.equal(rupiah('92233720368547758.07'), '92233720368547758.07')
})

test('a month is whole when it is over', () => {
  assert.equal(isWholeMonth('2026-01', '2026-02-01'), true)
  assert.equal(isWholeMonth('2026-01', '2026-01-30'), false)
})

test('what is refused says why', () => {
  for (const call of [() => rupiah('six million'), () => isWholeMonth('2026-13', '2026-02-01')]) {
    assert.throws(call, (error) => error instanceof Error && error.code === 'invalid_input')
  }
  assert.throws(() => isWholeMonth('2026-01', '2026-02-30'), { code: 'invalid_input', hint: 'write it as 2026-01-31' })
})

test('a wrong type is an error before anything is done', () => {
  assert.throws(() => rupiah(6_000_000), { code: 'StringExpected' })
})

test('a promise resolves, or rejects with code and hint', async () => {
  assert.equal(await probe(':memory:', 'SELECT version()'), 'v1.5.6')
  await assert.rejects(probe(':memory:', "SELECT 'secret' FROM nowhere"), (error) => {
    assert.ok(error instanceof Error)
    assert.equal(error.code, 'io')
    assert.equal(error.hint, null)
    assert.ok(!error.message.includes('secret'))
    return true
  })
})

test('the event loop goes on while the pool works', async () => {
  let ticks = 0
  const clock = setInterval(() => ticks++, 5)
  await probe(':memory:', 'SELECT sum(a.range * b.range % 7)::VARCHAR FROM range(20000) a, range(5000) b')
  clearInterval(clock)
  assert.ok(ticks > 3, `${ticks} ticks`)
})

test('the types name what the package exports, and every function is documented', () => {
  const types = read('../index.d.ts')
  const typed = [...types.matchAll(/^export declare function (\w+)/gm)].map((match) => match[1])
  const require = createRequire(import.meta.url)
  assert.deepEqual(typed.sort(), Object.keys(require('dermawan')).sort())
  assert.deepEqual(typed, Object.keys(require('../dermawan.node')).sort())
  assert.equal([...types.matchAll(/\*\/\nexport declare/g)].length, typed.length)
})

test('one version everywhere', () => {
  assert.equal(version(), JSON.parse(read('../package.json')).version)
  assert.match(read('../../Cargo.toml'), new RegExp(`^version = "${version()}"$`, 'm'))
})
