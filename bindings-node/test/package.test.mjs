// The package as npm would publish it, installed in an empty folder.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

test('the package installs and works alone', { timeout: 120_000 }, () => {
  const dist = process.env.DIST
  assert.ok(dist, 'DIST names the folder of the packages: run make test')
  const packages = readdirSync(dist).filter((name) => name.endsWith('.tgz'))
  assert.equal(packages.length, 1)

  const folder = mkdtempSync(join(tmpdir(), 'dermawan-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{"private": true}')
    const quiet = { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, DUCKDB_LIB_DIR: '' } }
    execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', join(dist, packages[0])], quiet)
    const script = "import { Analytics } from 'dermawan'; console.log(await (await Analytics.inMemory()).state())"
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { ...quiet, encoding: 'utf8', stdio: 'pipe' })
    assert.equal(out.trim(), 'null')
    const files = readdirSync(join(folder, 'node_modules', 'dermawan')).sort()
    assert.deepEqual(files, [
      'LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'dermawan.node', 'index.d.ts', 'index.js', 'libdermawan-duckdb.so', 'package.json',
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
