import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quoted, readStatement } from '../../sinks/clickhouse-history/engine/statement.ts';

test('the verb is the first word, whatever stands before it', () => {
  const verbs: [sql: string, verb: string][] = [
    ['select 1', 'SELECT'],
    ['  \n-- a comment; with a semicolon\n WITH x AS (SELECT 1) SELECT * FROM x', 'WITH'],
    ['/* one /* nested */ two */ Insert into t values (1)', 'INSERT'],
    ['#! shebang\nSHOW TABLES', 'SHOW'],
    ['(select 1) union all (select 2)', ''],
    ['', ''],
    ['-- only a comment', ''],
  ];
  for (const [sql, verb] of verbs) assert.equal(readStatement(sql).verb, verb, sql);
});

test('a second statement is seen, and a semicolon inside strings, names and comments is none', () => {
  const texts: [sql: string, text: string, more: boolean][] = [
    ['select 1;', 'select 1', false],
    ['select 1 ; ; ', 'select 1 ', false],
    ['select 1; select 2', 'select 1', true],
    ["select ';drop table t'", "select ';drop table t'", false],
    ["select 'it''s;' ; drop table t", "select 'it''s;' ", true],
    ["select '\\';' ; drop table t", "select '\\';' ", true],
    ['select `a;b` from t', 'select `a;b` from t', false],
    ['select "a"";b" from t', 'select "a"";b" from t', false],
    ['select $x$ ; $x$', 'select $x$ ; $x$', false],
    ['select 1 -- ; nothing', 'select 1 -- ; nothing', false],
    ['select 1 /* ; */', 'select 1 /* ; */', false],
  ];
  for (const [sql, text, more] of texts) {
    const read = readStatement(sql);
    assert.deepEqual([read.text, read.more], [text, more], sql);
  }
});

test('where the data of an insert begins, and where its source belongs, is found', () => {
  const sql = 'INSERT INTO db.t (a, `FORMAT`) SETTINGS async_insert = 0 FORMAT RowBinary\n\x00;\x01';
  const read = readStatement(sql);
  assert.equal(read.insertsData?.format, 'RowBinary');
  assert.equal(sql.slice(read.dataAt), '\n\x00;\x01');
  assert.equal(sql.slice(0, read.insertsData?.sourceAt), 'INSERT INTO db.t (a, `FORMAT`) ');
  for (const other of [
    'INSERT INTO t VALUES (1)',
    'INSERT INTO t SELECT 1 FORMAT JSON',
    'INSERT INTO t (a) WITH 1 AS x SELECT x FORMAT Null',
    'SELECT 1 FORMAT JSON',
  ]) {
    assert.equal(readStatement(other).insertsData, undefined, other);
  }
});

test('what reaches outside of the engine is named, and only that', () => {
  const reaches: [sql: string, reaches: string[]][] = [
    ["select file('/etc/passwd')", ['file()']],
    ["select `file` ('/etc/passwd')", ['file()']],
    ['select "file"(\'x\')', ['file()']],
    ['select file from t', []],
    ["select 'file(' , profile(1)", []],
    ["select 1 into outfile '/tmp/x'", ['INTO OUTFILE']],
    ["select 'into outfile'", []],
    ["insert into t from infile '/tmp/x' format CSV", ['FROM INFILE']],
  ];
  for (const [sql, expected] of reaches) assert.deepEqual(readStatement(sql).reaches, expected, sql);
});

test('a string literal holds what it is given', () => {
  assert.equal(quoted("it's \\ here"), "'it\\'s \\\\ here'");
});
