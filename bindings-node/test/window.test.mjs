// What the package shows.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import * as dermawan from 'dermawan'
import { forecast, version } from 'dermawan'

const here = new URL('.', import.meta.url)
const read = (path) => readFileSync(new URL(path, here), 'utf8')

test('the types name what the package exports, and everything is documented', () => {
  const types = read('../index.d.ts')
  const typed = [...types.matchAll(/^export declare (?:function|class) (\w+)/gm)].map((match) => match[1])
  const require = createRequire(import.meta.url)
  assert.deepEqual(typed.sort(), Object.keys(require('dermawan')).sort())
  assert.deepEqual(typed, Object.keys(require('../dermawan.node')).sort())
  assert.equal([...types.matchAll(/\*\/\nexport declare/g)].length, typed.length)
})

for (const [name, least] of Object.entries({ Analytics: 45, Inbox: 8, Outbox: 20, Register: 20, Runs: 6, Transport: 7, Worker: 6 })) {
  test(`the class ${name} has the methods that are typed`, () => {
    const body = read('../index.d.ts').match(new RegExp(`class ${name} \\{\\n([^]*?)\\n\\}`))[1]
    const Class = dermawan[name]
    const typed = [...body.matchAll(/^ {2}(static )?(\w+)\(/gm)].map(([, isStatic, name]) => (isStatic ? `static ${name}` : name))
    const plain = (object, key) => key !== 'constructor' && typeof Object.getOwnPropertyDescriptor(object, key).value === 'function'
    const own = (object) => Object.getOwnPropertyNames(object).filter((key) => plain(object, key))
    const built = [...own(Class.prototype), ...own(Class).map((key) => `static ${key}`)]
    const methods = typed.filter((key) => key !== 'constructor')
    assert.ok(methods.length >= least, `${methods.length} methods`)
    assert.deepEqual(methods.sort(), built.sort())
  })
}

test('a synchronous call throws an Error with code and hint', () => {
  assert.throws(() => forecast({ first: '2026-01', values: [1, 2] }), (error) => {
    assert.ok(error instanceof Error)
    assert.deepEqual([error.code, typeof error.hint], ['not_enough_history', 'string'])
    return true
  })
})

test('one version everywhere', () => {
  assert.equal(version(), JSON.parse(read('../package.json')).version)
})

test('the examples of the README do what they say', async () => {
  const blocks = [...read('../README.md').matchAll(/```js\n([^]*?)```/g)].map((match) => match[1])
  assert.ok(blocks.length >= 2)
  // `expression // → value` becomes an assertion.
  const checked = blocks.join('\n').replace(/^(.*?)\s*\/\/ → (.*)$/gm, 'assert.deepEqual($1, $2)')
  assert.ok(checked.split('assert.deepEqual').length > 4)
  const script = checked.replace(/^import (.*) from 'dermawan'$/gm, 'const $1 = dermawan')
  const AsyncFunction = (async () => {}).constructor
  await new AsyncFunction('assert', 'dermawan', script)(assert, await import('dermawan'))
})
