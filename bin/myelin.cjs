#!/usr/bin/env node
'use strict'
// Files, name resolution and scrypt share this pool. libuv reads the variable at the first use of the pool, which an ES module
// is too late for: loading it is that first use.
process.env.UV_THREADPOOL_SIZE ??= '16'

import('../dist/src/main.js')
  .then(({ main }) => main(process.argv.slice(2)))
  .catch(error => {
    process.stderr.write(`${error.stack ?? error}\n`)
    process.exitCode = 1
  })
