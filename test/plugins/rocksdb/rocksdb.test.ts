import t from 'tap'
import { testEngine } from './support/engine-tests.js'

await testEngine(t, 'rocksdb')
