-- Like presence.sql; it also keeps when an instance first logged on, so that a list can be filtered by time.
-- The drain moves it back if the instance moved more than a second earlier
-- (analytics/rollups/recompute.py).
create or replace function dashboard_keep_presence() returns trigger language plpgsql as $$
begin
    if new.is_active then
        new.last_known_at := new.logged_on_at;
        new.away_since := null;
    else
        new.last_known_at := coalesce(new.logged_off_at, new.logged_on_at);
        new.away_since := coalesce(new.logged_off_at, statement_timestamp());
    end if;
    if tg_op = 'INSERT' then
        new.first_known_at := coalesce(new.first_known_at, new.logged_on_at);
    end if;
    return new;
end
$$;
