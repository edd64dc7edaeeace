// A program that serves pages, a browser, and what is asked of every page.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import puppeteer from 'puppeteer-core'

const require = createRequire(import.meta.url)
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

export const TOKEN = 'kata-sandi-untuk-uji-coba'
/** Where screenshots go: into the documentation when asked, otherwise nowhere that lasts. */
const scratch = mkdtempSync(join(tmpdir(), 'dermawan-browser-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
export const pictures = process.env.DERMAWAN_PICTURES ? fileURLToPath(new URL('../../docs/pictures', import.meta.url)) : scratch

const binary = join(process.env.PROFILE_DIR ?? fileURLToPath(new URL('../../target/debug', import.meta.url)), 'dermawan-bot')

/**
 * Starts `dermawan-bot`; its address is the first one that it prints. One that prints none is waited for at `url`.
 */
export async function server(args, { cwd = scratch, env = {}, url } = {}) {
  const program = spawn(binary, args, {
    cwd,
    env: { ...process.env, DERMAWAN_ADMIN_TOKEN: TOKEN, ...env },
    stdio: ['ignore', 'pipe', process.env.DERMAWAN_TEST_LOG ? 'inherit' : 'ignore'],
  })
  const ended = new Promise((resolve) => program.once('exit', resolve))
  const stop = () => (program.kill('SIGINT'), ended)
  let over = false
  ended.then(() => (over = true))
  if (url) {
    for (;;) {
      const answer = await fetch(new URL('/healthz', url)).catch(() => null)
      if (answer?.ok) return { url, stop }
      if (over) throw new Error(`dermawan-bot ${args[0]} ended before it served; DERMAWAN_TEST_LOG=1 shows why`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const found = await new Promise((resolve, reject) => {
    let said = ''
    program.once('error', reject)
    program.once('exit', (code) => reject(new Error(`dermawan-bot ended with ${code}: ${said}`)))
    program.stdout.on('data', (data) => {
      said += data
      const found = said.match(/http:\/\/[^\s/]+/)
      if (found && said.includes('\n')) resolve(`${found[0]}/`)
    })
  })
  return { url: found, stop }
}

/** Runs `dermawan-bot` to its end. */
export async function program(args, { cwd = scratch } = {}) {
  const program = spawn(binary, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  const code = await new Promise((resolve, reject) => program.once('error', reject).once('exit', resolve))
  if (code !== 0) throw new Error(`dermawan-bot ${args.join(' ')} ended with ${code}`)
}

export function browser() {
  const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
    .find((path) => path && existsSync(path))
  if (!executablePath) throw new Error('Chromium is missing: scripts/setup.sh browser, or name it in CHROMIUM')
  // Root, as in a container, has no sandbox; the pages are our own.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return puppeteer.launch({ executablePath, headless: true, args: [...sandbox, '--disable-dev-shm-usage', '--force-color-profile=srgb'] })
}

/** What axe finds, of serious and of critical impact. Run past the page's policy, which allows no scripts. */
export async function accessibility(page) {
  await page.evaluate(axe)
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations', 'passes'] }))
  if (passes.length < 10) throw new Error(`axe looked at next to nothing: ${passes.length} rules passed`)
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
}

/** What is wider than the window. */
export function overflow(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    if (scrollWidth <= clientWidth) return []
    const wide = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > clientWidth + 1)
    return [`${scrollWidth} of ${clientWidth}`, ...wide.map((one) => one.outerHTML.slice(0, 80))]
  })
}

/** Presses Tab until the focus is on what the selector names. */
export async function reached(page, selector) {
  for (let i = 0; i < 200; i++) {
    await page.keyboard.press('Tab')
    if (await page.evaluate((selector) => document.activeElement.matches(selector), selector)) return
  }
  throw new Error(`the keyboard does not reach ${selector}`)
}
