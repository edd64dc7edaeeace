// Prints index.d.ts from what the compiler wrote beside the addon: node scripts/types.mjs TARGET/debug
import { resolve } from 'node:path'
import { generateTypeDef } from '@napi-rs/cli'

const profile = process.argv[2]
if (!profile) throw new Error('usage: node scripts/types.mjs TARGET/PROFILE')
const { dts, exports } = await generateTypeDef({
  typeDefDir: resolve(profile, 'node-types'),
  dtsHeader: '// Written by scripts/types.mjs (make stubs). Do not edit.\n',
  cwd: process.cwd(),
})
if (exports.length === 0) throw new Error(`no types in ${profile}/node-types: build the workspace first`)
process.stdout.write(dts)
