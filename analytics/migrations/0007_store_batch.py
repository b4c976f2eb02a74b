"""The statement that stores a batch, as a function, so that its plan is made once a session.

It is planned over every chunk there is: with thirty of them planning and reading past the other
chunks took three quarters of its time. A function keeps its plan in the database's own session,
which a pooler between us (PgBouncer) hands on; a prepared statement would be lost there.

Locks: the browser's row, shared, so that an erasure waits for us or we find it gone; and the new
keys, in key order, so that two batches which overlap wait for each other and never deadlock.
Snapshots: each statement has its own (READ COMMITTED). The insert waits for a twin that is being
stored, and the count of conflicts, which comes after it, sees what the twin has stored.

A mark is made per hour touched: nearly always one; a batch from far-apart times must not make the
drain recompute all that lies between. No mark where nothing was stored.
"""

from django.db import migrations

CREATE = """
create function analytics_store_batch(
    instance uuid, version int,
    times bigint[], xs real[], ys real[], seqs int[], enters bool[], rung int,
    out browser bigint, out newest_version int, out accepted bigint, out conflicts bigint
) language plpgsql set plan_cache_mode = force_generic_plan as $$
begin
    accepted := 0;
    conflicts := 0;

    select id, token_version into browser, newest_version
    from dashboard_browser where instance_id = instance for key share;
    if newest_version is distinct from version then
        return;
    end if;

    insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
    select browser, timestamptz 'epoch' + s.us * interval '1 microsecond', s.x, s.y, s.seq, s.enter
    from unnest(times, xs, ys, seqs, enters) with ordinality as s (us, x, y, seq, enter, place)
    order by s.us, s.seq, s.place
    on conflict do nothing;
    get diagnostics accepted = row_count;

    if accepted > 0 then
        insert into analytics_dirtyrange (browser_id, since, until, rung)
        select browser, timestamptz 'epoch' + min(us) * interval '1 microsecond',
               timestamptz 'epoch' + max(us) * interval '1 microsecond', rung
        from unnest(times) as us group by us / 3600000000;
    end if;

    if accepted < cardinality(times) then
        select count(*) into conflicts
        from unnest(times, xs, ys, seqs) as s (us, x, y, seq)
        join analytics_pointerpositionevent e
            on e.browser_id = browser and e.seq = s.seq
            and e.time = timestamptz 'epoch' + s.us * interval '1 microsecond'
        where (s.x, s.y) is distinct from (e.x, e.y);
    end if;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0006_pointer_statuses")]

    operations = [
        migrations.RunSQL(sql=CREATE, reverse_sql="drop function analytics_store_batch"),
    ]
