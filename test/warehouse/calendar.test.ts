// Each day of sms.calendar begins at the first instant that bears its date, in the oddest of zones: found by
// stepping through the instants around it and asking PostgreSQL for the date of each.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestWarehouse, type TestWarehouse } from '../helpers/warehouse.ts'

let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await openTestWarehouse()
})
afterAll(() => warehouse.close())

test.each<[zone: string, day: string, hours: number | null, why: string]>([
  ['Europe/Paris', '2024-03-31', 23, 'the clocks go forward'],
  ['Europe/Paris', '2024-10-27', 25, 'and back'],
  ['Atlantic/Azores', '2024-10-27', 25, 'midnight comes twice'],
  ['Atlantic/Azores', '2024-03-31', 23, 'there is no midnight'],
  ['America/Sao_Paulo', '2018-11-04', 23, 'there is no midnight'],
  ['America/Sao_Paulo', '2018-02-17', 25, '23 o\u2019clock comes twice'],
  ['America/St_Johns', '2010-11-07', 25, 'a minute past midnight they go back to the day before'],
  ['America/St_Johns', '2010-03-14', 23, 'a minute past midnight they go forward'],
  ['Australia/Lord_Howe', '2024-04-07', 24.5, 'half an hour'],
  ['Asia/Beirut', '2024-03-31', 23, 'there is no midnight'],
  ['Asia/Beirut', '2023-10-28', 25, '23 o\u2019clock comes twice'],
  ['Africa/Casablanca', '2024-03-10', 25, 'Ramadan'],
  ['Africa/Monrovia', '1972-01-06', 24, 'before 44 minutes and 30 seconds are left out'],
  ['Africa/Monrovia', '1972-01-07', 23.2583, 'which has no midnight'],
  ['Pacific/Apia', '2011-12-30', null, 'no such day'],
])('%s, %s (%s hours): %s', async (zone, day, hours) => {
  await warehouse.pool.query(
    `truncate store.calendar; update store.reporting set timezone = '${zone}';
    call store.extend_calendar(date '${day}' - 3, date '${day}' + 3)`,
  )
  const { rows } = await warehouse.pool.query(`select hours::float8 from sms.calendar where day = $1`, [day])
  expect(rows.map((row) => row.hours)).toEqual(hours === null ? [] : [hours])
  const { rows: wrong } = await warehouse.pool.query(
    `with near as (
      select *, lead(starts_at) over (order by day) as next_at from sms.calendar
    )
    select day from near
    where day between $1::date - 3 and $1::date + 3 and (
      (starts_at at time zone $2)::date <> day
      or ends_at <> next_at
      or exists ( -- an earlier instant of the same date
        select from generate_series(starts_at - interval '50 hours', starts_at - interval '1 minute', interval '1 minute') t
        where (t at time zone $2)::date = day
        union all
        select from generate_series(starts_at - interval '90 minutes', starts_at - interval '1 second', interval '1 second') t
        where (t at time zone $2)::date = day
      )
    )`,
    [day, zone],
  )
  expect(wrong).toEqual([])
})
