"""New samples by a plain insert; one that looks for each key beforehand only where some were there.

`on conflict do nothing` takes a row in twice: it looks for the key, puts the row down for the time
being, puts down the key, and confirms the row. A plain insert does not, and takes three quarters of
the statement's time. Nearly no batch was there before, so the plain one comes first; where it meets
a key that is there, its subtransaction is undone and the other one runs. Such a group costs up to
twice as much, and leaves rows that vacuum takes away.

Locks and snapshots as before. Undoing lets go of the keys that were put down and keeps the
browsers' rows; the second insert begins with the first key again, under a snapshot of its own, so
that two groups which overlap still wait for each other in key order and never deadlock.
"""

from importlib import import_module

from django.db import migrations

INSERT = """with stored as (
            insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
            select writers[s.place], timestamptz 'epoch' + s.us * interval '1 microsecond',
                   s.x, s.y, s.seq, s.enter
            from unnest(places, times, xs, ys, seqs, enters)
                with ordinality as s (place, us, x, y, seq, enter, number)
            where writers[s.place] is not null
            order by writers[s.place], s.us, s.seq, s.number
            {on_conflict}
            returning browser_id, time
        ), hours as (
            select browser_id, count(*) as events, min(time) as since, max(time) as until
            from stored group by browser_id, time_bucket('1 hour', time)
        ), marked as (
            insert into analytics_dirtyrange (browser_id, since, until, rung)
            select browser_id, since, until, rung from hours
        )
        select array_agg(c.browser_id), array_agg(c.events) into counted, counts
        from (select browser_id, sum(events)::bigint as events from hours group by browser_id) c;"""

FUNCTION = """
create or replace function analytics_store_batches(
    instances uuid[], versions int[], sizes int[], places int[],
    times bigint[], xs real[], ys real[], seqs int[], enters bool[], rung int, wait bool
) returns table (browser bigint, newest_version int, accepted bigint, conflicts bigint)
language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
    browsers bigint[];
    writers bigint[];
    newest int[];
    counted bigint[];
    counts bigint[];
begin
    if wait then
        perform from dashboard_browser where instance_id = any(instances) for key share;
    else
        perform set_config('lock_timeout', '500ms', true);
    end if;

    select array_agg(b.id order by s.place), array_agg(b.token_version order by s.place),
           array_agg(case when b.token_version = s.version then b.id end order by s.place)
    into browsers, newest, writers
    from unnest(instances, versions) with ordinality as s (instance, version, place)
    left join lateral (
        select id, token_version from dashboard_browser where instance_id = s.instance
        for key share skip locked
    ) b on true;

    begin
        {plain_insert}
    exception when unique_violation then
        {careful_insert}
    end;

    return query
    select browsers[s.place], newest[s.place], coalesce(c.events, 0), case
        when writers[s.place] is null or c.events = s.size then 0
        else analytics_count_conflicts(
            writers[s.place], s.place::int, places, times, xs, ys, seqs
        ) end
    from unnest(sizes) with ordinality as s (size, place)
    left join unnest(counted, counts) as c (browser, events) on c.browser = writers[s.place]
    order by s.place;
end
$$
"""

STORE = FUNCTION.format(
    plain_insert=INSERT.format(on_conflict=""),
    careful_insert=INSERT.format(on_conflict="on conflict do nothing"),
)

BEFORE = import_module("analytics.migrations.0009_count_conflicts").STORE


class Migration(migrations.Migration):
    dependencies = [("analytics", "0010_sample_before")]

    operations = [migrations.RunSQL(sql=STORE, reverse_sql=BEFORE)]
