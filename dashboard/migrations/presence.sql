-- Keeps the columns by which the list of instances is read: every writer of an instance, whichever
-- code it runs, leaves them right. A log-on is a moment when the instance was seen; a log-off is a
-- departure. Movement changes no instance, so that the drain writes none.
create or replace function dashboard_keep_presence() returns trigger language plpgsql as $$
begin
    if new.is_active then
        new.last_known_at := new.logged_on_at;
        new.away_since := null;
    else
        new.last_known_at := coalesce(new.logged_off_at, new.logged_on_at);
        new.away_since := coalesce(new.logged_off_at, statement_timestamp());
    end if;
    return new;
end
$$;

create trigger dashboard_keep_presence
before insert or update of is_active, logged_on_at, logged_off_at on dashboard_browser
for each row execute function dashboard_keep_presence();
