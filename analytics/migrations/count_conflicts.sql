-- Counts the events of one batch whose key is taken by another position. Nearly no batch has any, but
-- planning the query reads all chunks and took three fifths of a small batch's time. As a function of
-- its own it is planned only when it is called.
--
-- Locks: none. Snapshot: its own, later than the insert's, so that it sees what a twin stored.
create or replace function analytics_count_conflicts(
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
$$;
