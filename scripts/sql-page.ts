// The page of all objects that analysts may rely on, made of the database's own comments.
import type { Warehouse } from '../src/warehouse/pool.ts'

export const SQL_PAGE = new URL('../docs/sql.md', import.meta.url)

interface Column {
  readonly schema: string
  readonly schemaComment: string
  readonly object: string
  readonly objectComment: string
  readonly column: string
  readonly type: string
  readonly comment: string
}

const INTRODUCTION = `# The SQL objects

<!-- Made by scripts/sql-docs.ts from the comments in the database; edit those in src/warehouse/schema/. -->

Everything in the schemas \`sms\` and \`sync\` is stable, readable and commented: \`\\d+ sms.trends_daily\` in psql, or
the column list of any tool, shows the same texts. The schema \`store\` behind them may change with every version.
`

/** docs/sql.md as it should be for a migrated database. */
export async function sqlPage({ pool }: Warehouse): Promise<string> {
  const { rows } = await pool.query<Column>(`
    select n.nspname as schema, obj_description(n.oid, 'pg_namespace') as "schemaComment",
      c.relname as object, obj_description(c.oid, 'pg_class') as "objectComment",
      a.attname as column, format_type(a.atttypid, a.atttypmod) as type,
      col_description(c.oid, a.attnum) as comment
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname in ('sms', 'sync') and c.relkind in ('r', 'v')
    order by n.nspname, c.oid, a.attnum`)
  const schemas = [...Map.groupBy(rows, ({ schema }) => schema)].map(([schema, ofSchema]) => {
    const objects = [...Map.groupBy(ofSchema, ({ object }) => object)].map(
      ([object, columns]) =>
        `### ${schema}.${object}\n\n${columns[0]!.objectComment}\n\n| column | type | meaning |\n| --- | --- | --- |\n${columns.map(lineOf).join('\n')}\n`,
    )
    return `## Schema \`${schema}\`\n\n${ofSchema[0]!.schemaComment}\n\n${objects.join('\n')}`
  })
  return `${INTRODUCTION}\n${schemas.join('\n')}`
}

const lineOf = ({ column, type, comment }: Column) =>
  `| \`${column}\` | ${type} | ${comment.replaceAll('|', '\\|')} |`
