"""The statement that stores batches, for as many at once as are waiting.

What a batch costs the database is mostly the statement and its commit, not the samples, so batches
of several instances share one. `wait` is for a batch that is stored by itself: it waits for an
instance that another session holds, as an erasure does. A group must not, or one instance would
hold up all the others: it leaves that batch out, and says so by a null; whatever else it meets it
waits for half a second at most.

`sizes`, `versions` and `instances` have an element for each batch, the columns one for each sample,
with the place of its batch in `places`. An instance may be there once only: what was stored is
counted by instance.

Locks: the browsers' rows, shared, so that an erasure waits for us or we find it gone; and the new
keys, in key order over all batches, so that two groups which overlap wait for each other and never
deadlock. Snapshots: each statement has its own (READ COMMITTED). The insert waits for a twin that
is being stored, and the count of conflicts, which comes after it, sees what the twin has stored.

A mark is made per hour touched: nearly always one; a batch from far-apart times must not make the
drain recompute all that lies between. No mark where nothing was stored.

`analytics_store_batch` stays for web processes of the version before, which run on during an
upgrade.
"""

from django.db import migrations

CREATE = """
create function analytics_store_batches(
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
        else (
            select count(*)
            from unnest(places, times, xs, ys, seqs) as o (place, us, x, y, seq)
            join analytics_pointerpositionevent e
                on e.browser_id = writers[s.place] and e.seq = o.seq
                and e.time = timestamptz 'epoch' + o.us * interval '1 microsecond'
            where o.place = s.place and (o.x, o.y) is distinct from (e.x, e.y)
        ) end
    from unnest(sizes) with ordinality as s (size, place)
    left join unnest(counted, counts) as c (browser, events) on c.browser = writers[s.place]
    order by s.place;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0007_store_batch")]

    operations = [
        migrations.RunSQL(sql=CREATE, reverse_sql="drop function analytics_store_batches"),
    ]
