-- Stores batches of as many instances in one transaction, because a batch costs the database mostly
-- its statement and its commit. It is a function so that a session plans it once: planning for thirty
-- chunks took three quarters of its time. A pooler hands sessions on, so a prepared statement would be
-- lost there.
--
-- `instances`, `versions` and `sizes` have one element for each batch. The other arrays have one for
-- each sample, with the place of its batch in `places`. An instance may occur once only, because the
-- stored samples are counted by instance. A null version in the result says that nothing was stored:
-- the instance does not exist, or another session has locked it.
--
-- `wait` is for a batch that is stored alone: it waits for a locked instance. A group does not, so that
-- one instance cannot delay the others. It leaves that batch out, and waits for other locks for half a
-- second at most.
--
-- Locks: the browsers' rows, shared, so that an erasure waits for us or we find it done; then the new
-- keys in key order over all batches, so that overlapping groups wait for each other and never
-- deadlock. Snapshots: each statement has its own (READ COMMITTED). The insert waits for a twin that is
-- being stored, and the count of conflicts runs later and sees what the twin stored.
--
-- `on conflict do nothing` writes each row twice (a speculative insert and its confirmation), so a plain
-- insert comes first. Nearly no batch was stored before. Where one was, the subtransaction is undone and
-- the second insert runs, with a new snapshot and from the first key again. Undoing releases the new
-- keys and keeps the locks on the browsers. Such a group costs up to twice as much.
--
-- Each minute in which something was stored gets a mark, with the number of samples. One mark over a
-- batch from distant times would make the drain recompute all that lies between.
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
        with stored as (
            insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
            select writers[s.place], timestamptz 'epoch' + s.us * interval '1 microsecond',
                   s.x, s.y, s.seq, s.enter
            from unnest(places, times, xs, ys, seqs, enters)
                with ordinality as s (place, us, x, y, seq, enter, number)
            where writers[s.place] is not null
            order by writers[s.place], s.us, s.seq, s.number
            returning browser_id, time
        ), minutes as (
            select browser_id, count(*) as events, min(time) as since, max(time) as until
            from stored group by browser_id, time_bucket('1 minute', time)
        ), marked as (
            insert into analytics_dirtyrange (browser_id, since, until, rung, events)
            select browser_id, since, until, rung, events from minutes
        )
        select array_agg(c.browser_id), array_agg(c.events) into counted, counts
        from (select browser_id, sum(events)::bigint as events from minutes group by browser_id) c;
    exception when unique_violation then
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
        ), minutes as (
            select browser_id, count(*) as events, min(time) as since, max(time) as until
            from stored group by browser_id, time_bucket('1 minute', time)
        ), marked as (
            insert into analytics_dirtyrange (browser_id, since, until, rung, events)
            select browser_id, since, until, rung, events from minutes
        )
        select array_agg(c.browser_id), array_agg(c.events) into counted, counts
        from (select browser_id, sum(events)::bigint as events from minutes group by browser_id) c;
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
$$;
