-- What every object and column of schemas sms and sync means, with its unit, for those who look at them in a
-- tool. The text of each metric comes from sms.metrics, the one dictionary; docs/sql.md is made of all this.

comment on schema sms is 'What analysts may rely on: snapshots, deltas, trends and what they mean. Everything here is stable; all else in this database may change with a version.';
comment on schema sync is 'How the syncing went: runs, failures, rejected answers, decisions.';

do $$
declare
  place record;
  metric record;
begin
  -- What each view says of a metric: of all, or only of those that the provider reports.
  for place in
    select * from (values
      ('sms.snapshots', 'Total at observed_at, as the provider reported it. ', 'Level at observed_at, as the provider reported it. ', 'Null: not reported.'),
      ('sms.latest', 'Total at observed_at, as the provider reported it. ', 'Level at observed_at, as the provider reported it. ', 'Null: not reported.'),
      ('sms.deltas', 'Change from previous_at to observed_at, signed. ', 'Difference of the two last known levels, signed. ', 'Null: unknown on one side, or no change is counted (baseline, dip).'),
      ('sms.trends_hourly', 'Growth in the hour. ', 'Last known level in the hour. ', 'Null: unknown, which is not zero.'),
      ('sms.trends_daily', 'Growth in the day. ', 'Last known level in the day. ', 'Null: unknown, which is not zero.'),
      ('sms.trends_weekly', 'Growth in the week. ', 'Last known level in the week. ', 'Null: unknown, which is not zero.'),
      ('sms.trends_monthly', 'Growth in the month. ', 'Last known level in the month. ', 'Null: unknown, which is not zero.')
    ) as places (view, of_counter, of_gauge, of_null)
  loop
    for metric in
      select m.* from sms.metrics m
      join pg_attribute a on a.attrelid = place.view::regclass and a.attname = m.metric
    loop
      execute format(
        'comment on column %s.%I is %L', place.view, metric.metric,
        case metric.kind
          when 'rate' then format('%s, of what grew in the bucket. %s Unit: %s.', metric.formula, metric.description, metric.unit)
          else format('%s%s Unit: %s. %s',
            case metric.kind when 'gauge' then place.of_gauge else place.of_counter end,
            metric.description, metric.unit, place.of_null)
        end
      );
    end loop;
  end loop;

  -- What all trend views have in common.
  for place in
    select 'sms.trends_' || grain as view, bucket, start from (values
      ('hourly', 'hour', 'Start of the hour: an instant. Hours are counted from the start of their day, the last one may be shorter.'),
      ('daily', 'day', 'The calendar day of the reporting zone. Its edges are in sms.calendar.'),
      ('weekly', 'week', 'The Monday that the week begins with (ISO), in the reporting zone.'),
      ('monthly', 'month', 'The first day of the calendar month, in the reporting zone.')
    ) as grains (grain, bucket, start)
  loop
    execute format('comment on view %s is %L', place.view, format(
      'Growth by %s: one row a category and %s, from its first to its newest snapshot. What grew between two snapshots is spread evenly over the time between them, so that all grains add up to the same totals.',
      place.bucket, place.bucket));
    execute format('comment on view %s_long is %L', place.view, format(
      'The same as %s with one row a metric, for pivoting.', place.view));
    execute format('comment on column %s.%I is %L', place.view, place.bucket, place.start);
    execute format('comment on column %s_long.%I is %L', place.view, place.bucket, place.start);
    execute format('comment on column %s.snapshots is %L', place.view, 'How many snapshots lie in the bucket, dips included. Unit: snapshots.');
    execute format('comment on column %s.coverage is %L', place.view, 'The part of the bucket that lies between the category''s first and newest snapshot: below 1 only at both ends of its history. Unit: ratio.');
    execute format('comment on column %s.widest_gap is %L', place.view, 'The longest time between two consecutive snapshots (dips left out) that reaches into the bucket; a long one is an outage, whose growth is spread evenly. Unit: interval. Null: none reaches into it.');
    execute format('comment on column %s_long.metric is %L', place.view, 'Which metric: its row in sms.metrics says what it means, and in which unit.');
    execute format('comment on column %s_long.value is %L', place.view, 'Its value, in the unit of the metric. Null: unknown, which is not zero.');
  end loop;

  -- Every row that belongs to a category begins with the two.
  for place in
    select c.oid::regclass::text as view from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('sms', 'sync') and c.relkind in ('r', 'v')
      and exists (select from pg_attribute where attrelid = c.oid and attname = 'category')
      and exists (select from pg_attribute where attrelid = c.oid and attname = 'account')
      and c.oid <> 'sync.runs'::regclass
  loop
    execute format('comment on column %s.account is %L', place.view, 'The account that the category belongs to: one API key. "sandbox" holds demo data.');
    execute format('comment on column %s.category is %L', place.view, 'The category: the tag whose totals the provider reports, to the letter.');
  end loop;
end $$;

comment on view sms.accounts is 'The accounts: one for each API key.';
comment on column sms.accounts.account is 'Its name in the settings. "sandbox" holds demo data.';
comment on column sms.accounts.label is 'A name for people. Null: none given.';
comment on column sms.accounts.created_at is 'When it was first seen. An instant.';

comment on view sms.categories is 'The categories that were ever asked for, also those that no longer are: their history stays.';
comment on column sms.categories.state is 'active: asked for at every tick; paused: not for a while; removed: no more.';
comment on column sms.categories.label is 'A name for people. Null: none given.';
comment on column sms.categories.added_at is 'When it was added. An instant.';
comment on column sms.categories.first_snapshot_at is 'Its first snapshot. An instant; null: none yet.';
comment on column sms.categories.last_snapshot_at is 'Its newest snapshot. An instant; null: none yet.';

comment on view sms.snapshots is 'What the provider answered, one row an answer: totals since it began to count. Never changed.';
comment on column sms.snapshots.observed_at is 'When the answer arrived. An instant, to the millisecond.';
comment on column sms.snapshots.extra is 'Fields of the answer that are not known here, as JSON. Null: there were none.';
comment on column sms.snapshots.source is 'api: asked for; import: read from a file.';
comment on column sms.snapshots.run_id is 'The run that stored it: sync.runs.id.';

comment on view sms.deltas is 'The change between two consecutive snapshots of a category. The first snapshot of a category is its baseline and has no row.';
comment on column sms.deltas.previous_at is 'The snapshot that the change is counted from. An instant; null: there was none.';
comment on column sms.deltas.observed_at is 'The snapshot that brought the change. An instant.';
comment on column sms.deltas.elapsed is 'From previous_at to observed_at. Unit: interval.';
comment on column sms.deltas.kind is 'growth; correction: some counter went down, the signed difference counts; reset: counting began at 0 again, the new values count in full; dip: an outage of the provider, left out; baseline: counting starts afresh, no change.';
comment on column sms.deltas.decided is 'True where a person decided the kind (sync.decisions), false where the rules did.';
comment on column sms.deltas.extra is 'Changes of the unknown fields that are whole numbers, as JSON. Null: there were none.';

comment on view sms.latest is 'The newest snapshot of each category.';
comment on column sms.latest.observed_at is 'When the answer arrived. An instant, to the millisecond.';
comment on column sms.latest.extra is 'Fields of the answer that are not known here, as JSON. Null: there were none.';
comment on column sms.latest.source is 'api: asked for; import: read from a file.';
comment on column sms.latest.run_id is 'The run that stored it: sync.runs.id.';
comment on column sms.latest.age is 'How long ago that was. Unit: interval.';

comment on view sms.freshness is 'How old the newest snapshot of each category is, and what went wrong last.';
comment on column sms.freshness.state is 'active: asked for at every tick; paused: not for a while; removed: no more.';
comment on column sms.freshness.last_snapshot_at is 'Its newest snapshot. An instant; null: none yet.';
comment on column sms.freshness.age is 'How long ago that was. Unit: interval; null: none yet.';
comment on column sms.freshness.expected_every is 'The longest time between two ticks of the schedule. Unit: interval; null: no schedule has run yet.';
comment on column sms.freshness.stale is 'True where an active category has had no snapshot for more than twice that time and a minute. Null: no schedule has run yet.';
comment on column sms.freshness.last_failure_at is 'When it last could not be had. An instant; null: never.';
comment on column sms.freshness.last_failure is 'Why: class and message. Null: never.';

comment on table sms.metrics is 'The dictionary: what every metric in the other views means.';
comment on column sms.metrics.metric is 'The name of its column.';
comment on column sms.metrics.kind is 'counter: a total that grows; gauge: a level; rate: a quotient of counters.';
comment on column sms.metrics.label is 'A name for people.';
comment on column sms.metrics.description is 'What it counts.';
comment on column sms.metrics.unit is 'What one of it is.';
comment on column sms.metrics.formula is 'Of a rate: what is divided by what. Null: the provider reports the metric itself.';
comment on column sms.metrics.position is 'Its place in the order used everywhere.';

comment on view sms.calendar is 'The days of the reporting zone with their edges, as PostgreSQL''s time zone data has them. A day that was skipped has no row.';
comment on column sms.calendar.day is 'The calendar day.';
comment on column sms.calendar.starts_at is 'Its first instant.';
comment on column sms.calendar.ends_at is 'The first instant after it.';
comment on column sms.calendar.hours is 'How long it is: 23 or 25 where the clocks change. Unit: hours.';
comment on column sms.calendar.week is 'The Monday of its ISO week.';
comment on column sms.calendar.month is 'The first day of its month.';
comment on column sms.calendar.weekday is '1 (Monday) to 7 (Sunday).';
comment on column sms.calendar.is_weekend is 'Whether it is a Saturday or a Sunday.';

comment on view sync.runs is 'One row a tick, replay or import.';
comment on column sync.runs.id is 'Its number: sms.snapshots.run_id, sync.failures.run, sync.rejected.run.';
comment on column sync.runs.account is 'The only account that was asked for. Null: all.';
comment on column sync.runs.trigger is 'schedule, manual, startup, replay or import.';
comment on column sync.runs.scheduled_at is 'When it was due. An instant; null: it was not scheduled.';
comment on column sync.runs.started_at is 'When it began. An instant.';
comment on column sync.runs.finished_at is 'When it ended. An instant; null: it has not, or nobody knows.';
comment on column sync.runs.status is 'running; ok; partial: some categories failed; failed: all did; abandoned: the process ended before the run did.';
comment on column sync.runs.categories is 'How many categories were asked for. Unit: categories.';
comment on column sync.runs.stored is 'How many snapshots are new. Unit: snapshots.';
comment on column sync.runs.failed is 'How many categories could not be had (sync.failures). Unit: categories.';
comment on column sync.runs.rejected is 'How many answers were not stored (sync.rejected). Unit: answers.';
comment on column sync.runs.late is 'How many of the snapshots were stored after the moment they arrived in, or lay before one that was there. Unit: snapshots.';
comment on column sync.runs.duration is 'From started_at to finished_at. Unit: interval; null: not finished.';

comment on view sync.failures is 'What could not be had of the provider: one row a run and category.';
comment on column sync.failures.run is 'The run: sync.runs.id.';
comment on column sync.failures.at is 'When it was given up. An instant.';
comment on column sync.failures.class is 'authentication, account, throttled, request, category, server or network.';
comment on column sync.failures.http_status is 'The HTTP status of the last attempt. Null: there was no answer.';
comment on column sync.failures.api_code is 'The provider''s error code. Null: there was none.';
comment on column sync.failures.attempts is 'How often it was tried. Unit: attempts.';
comment on column sync.failures.message is 'What happened, in words.';

comment on view sync.rejected is 'Answers that were not stored, with their body: nothing that arrived is thrown away.';
comment on column sync.rejected.run is 'The run: sync.runs.id.';
comment on column sync.rejected.at is 'When the answer arrived. An instant.';
comment on column sync.rejected.reason is 'Why: conflict (other values at an instant that is stored), clock (the clock went back), or the rule that was broken.';
comment on column sync.rejected.body is 'The answer, cut at 64 KiB.';

comment on view sync.decisions is 'What people decided about snapshots (primosync reclassify): append-only, the newest holds.';
comment on column sync.decisions.observed_at is 'The snapshot that was decided about. An instant.';
comment on column sync.decisions.decided_as is 'reset, correction, baseline or dip; auto: as the rules have it, which takes an earlier decision back.';
comment on column sync.decisions.decided_by is 'Who decided.';
comment on column sync.decisions.decided_at is 'When. An instant.';
comment on column sync.decisions.why is 'The reason.';
comment on column sync.decisions.holds is 'Whether it is the newest for its snapshot.';

comment on view sync.prunes is 'What retention removed (SNAPSHOT_RETENTION): snapshots and their deltas, never a trend. One row a category and prune, written by the database itself, whoever removed them.';
comment on column sync.prunes.pruned_at is 'When. An instant.';
comment on column sync.prunes.snapshots is 'How many snapshots were removed. Unit: snapshots.';
comment on column sync.prunes.kept_from is 'The oldest snapshot that was kept. An instant. Null: it was no retention.';
comment on column sync.prunes.final_until is 'Up to when nothing can be imported or decided any more. An instant; null as kept_from.';
