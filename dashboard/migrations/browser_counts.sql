-- Counts the instances, and those present. Each statement that changes the numbers adds a row, so no
-- writer waits for another; a job sums the rows up (dashboard/statuses/departures.py).
create or replace function dashboard_count_browsers() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into dashboard_browsercount (every, present)
        select count(*), count(*) filter (where away_since is null) from new_rows
        having count(*) > 0;
    elsif tg_op = 'DELETE' then
        insert into dashboard_browsercount (every, present)
        select -count(*), -count(*) filter (where away_since is null) from old_rows
        having count(*) > 0;
    else
        insert into dashboard_browsercount (every, present)
        select 0, sum(present) from (
            select count(*) filter (where away_since is null) as present from new_rows
            union all
            select -count(*) filter (where away_since is null) from old_rows
        ) changes having sum(present) <> 0;
    end if;
    return null;
end
$$;

create trigger dashboard_count_inserted after insert on dashboard_browser
referencing new table as new_rows
for each statement execute function dashboard_count_browsers();

create trigger dashboard_count_deleted after delete on dashboard_browser
referencing old table as old_rows
for each statement execute function dashboard_count_browsers();

create trigger dashboard_count_updated after update on dashboard_browser
referencing old table as old_rows new table as new_rows
for each statement execute function dashboard_count_browsers();

-- The triggers' lock lets nobody write instances until this migration ends.
insert into dashboard_browsercount (every, present)
select count(*), count(*) filter (where away_since is null) from dashboard_browser
having count(*) > 0;
