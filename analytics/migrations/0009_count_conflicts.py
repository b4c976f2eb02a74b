"""The count of a batch's conflicts, apart from the statement that stores it.

Nearly no batch has any, but the query that counts them goes through all chunks: with the thirty of
thirty days it took three fifths of a small batch's time to make it ready and not run it. In a
function of its own it is made ready when it is called, for a batch of which something was there.

Locks: none. Snapshot: its own, younger than the insert, so that it sees what a twin has stored.
"""

from importlib import import_module

from django.db import migrations

COUNT = """
create function analytics_count_conflicts(
    writer bigint, batch int, places int[], times bigint[], xs real[], ys real[], seqs int[]
) returns bigint language plpgsql set plan_cache_mode = force_generic_plan as $$
begin
    return (
        select count(*)
        from unnest(places, times, xs, ys, seqs) as o (place, us, x, y, seq)
        join analytics_pointerpositionevent e
            on e.browser_id = writer and e.seq = o.seq
            and e.time = timestamptz 'epoch' + o.us * interval '1 microsecond'
        where o.place = batch and (o.x, o.y) is distinct from (e.x, e.y)
    );
end
$$
"""

STORE = """
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

    with stored as (
        insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
        select writers[s.place], timestamptz 'epoch' + s.us * interval '1 microsecond',
               s.x, s.y, s.seq, s.enter
        from unnest(places, times, xs, ys, seqs, enters)
            with ordinality as s (place, us, x, y, seq, enter, number)
        where writers[s.place] is not null
        order by writers[s.place], s.us, s.seq, s.number
        on conflict do nothing
        returning browser_id, time
    ), hours as (
        select browser_id, count(*) as events, min(time) as since, max(time) as until
        from stored group by browser_id, time_bucket('1 hour', time)
    ), marked as (
        insert into analytics_dirtyrange (browser_id, since, until, rung)
        select browser_id, since, until, rung from hours
    )
    select array_agg(c.browser_id), array_agg(c.events) into counted, counts
    from (select browser_id, sum(events)::bigint as events from hours group by browser_id) c;

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

BEFORE = import_module("analytics.migrations.0008_store_batches").CREATE


class Migration(migrations.Migration):
    dependencies = [("analytics", "0008_store_batches")]

    operations = [
        migrations.RunSQL(sql=COUNT, reverse_sql="drop function analytics_count_conflicts"),
        migrations.RunSQL(
            sql=STORE,
            reverse_sql=BEFORE.replace("create function", "create or replace function"),
        ),
    ]
