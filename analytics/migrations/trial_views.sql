-- The present pointer_trial_paths, and pointer_trials as 0020_trial_views made it.
-- The present one is in trial_quality_view.sql.
--
-- Trials with their measures, and their time-normalised paths: one row for a step.
create view pointer_trials as
select trial.id as trial_id, browser.instance_id, browser.label, trial.study, trial.trial, trial.block,
       trial.condition, trial.response, trial.correct, trial.state, trial.started_at, trial.ended_at,
       trial.start_target, trial.targets, trial.samples, trial.rt, trial.mad, trial.mad_time,
       trial.md_above, trial.md_below, trial.ad, trial.auc, trial.x_flips, trial.y_flips,
       trial.x_reversals, trial.y_reversals, trial.initiation_time, trial.idle_time, trial.hovers,
       trial.hover_time, trial.total_distance, trial.velocity_max, trial.velocity_max_time,
       trial.acceleration_max, trial.sample_entropy
from analytics_trial trial join dashboard_browser browser on browser.id = trial.browser_id;

create view pointer_trial_paths as
select trial.id as trial_id, browser.instance_id, browser.label, trial.study, trial.trial, trial.block,
       trial.condition, trial.response, trial.correct, trial.state,
       step.step::int, trial.rt * (step.step - 1) / 100 as time, step.x, step.y
from analytics_trial trial
join dashboard_browser browser on browser.id = trial.browser_id
cross join lateral unnest(trial.path_x, trial.path_y) with ordinality as step (x, y, step);

comment on view pointer_trials is
    'Trials of experiments with their measures; its key is trial_id. Kept for good. docs/analysis.md '
    'lists the views, and docs/metrics.md defines each measure.';
comment on view pointer_trial_paths is
    'The time-normalised path of each trial: 101 steps from its start to its end; its key is '
    '(trial_id, step). Kept for good. docs/analysis.md lists the views.';
do $$
declare
    view text;
    name text;
    about text;
begin
    foreach view in array array['pointer_trials', 'pointer_trial_paths'] loop
        for name, about in values
            ('trial_id', 'The trial, as in the API'),
            ('instance_id', 'UUID: the browser instance, as in the API'),
            ('label', 'A name for the instance that a person understands; empty by default'),
            ('study', 'The study''s name, as the site''s code gave it; empty if it gave none'),
            ('trial', 'The trial''s number or name in the study'),
            ('block', 'The block''s number or name'),
            ('condition', 'The condition''s name'),
            ('response', 'The answer, as the site''s code gave it'),
            ('correct', 'Whether the answer was right; null if the site''s code did not say'),
            ('state', 'ended, or abandoned by the next start'),
            ('started_at', 'The start''s time, UTC'),
            ('ended_at', 'The end''s time, UTC'),
            ('start_target', 'JSON: x, y, width, height of where the movement starts, CSS px'),
            ('targets', 'JSON: x, y, width, height by name, CSS px in the viewport at the start'),
            ('samples', 'Count: number of samples; null if they were too many to be measured'),
            ('rt', 's: from the start to the end'),
            ('mad', 'px: the largest deviation from the ideal line, positive above it'),
            ('mad_time', 's since the start: when that was'),
            ('md_above', 'px: the largest deviation above the line'),
            ('md_below', 'px: the largest deviation below the line, negative'),
            ('ad', 'px: the mean deviation over the samples'),
            ('auc', 'px²: the area between the path and the line, positive above it'),
            ('x_flips', 'Count: changes of direction along x'),
            ('y_flips', 'Count: changes of direction along y'),
            ('x_reversals', 'Count: crossings of the vertical line through the start'),
            ('y_reversals', 'Count: crossings of the horizontal line through the start'),
            ('initiation_time', 's since the start: when the movement began'),
            ('idle_time', 's: time at rest'),
            ('hovers', 'Count: rests of more than 0.1 s'),
            ('hover_time', 's: time in these rests'),
            ('total_distance', 'px: the length of the path'),
            ('velocity_max', 'px/s: the fastest step'),
            ('velocity_max_time', 's since the start: the middle of that step'),
            ('acceleration_max', 'px/s²: the largest change of velocity from step to step'),
            ('sample_entropy', 'Of the time-normalised x, without a unit'),
            ('step', '1 to 101'),
            ('time', 's since the trial''s start'),
            ('x', 'CSS px in the viewport at the trial''s start'),
            ('y', 'CSS px in the viewport at the trial''s start')
        loop
            if exists (select from pg_attribute where attrelid = view::regclass and attname = name) then
                execute format('comment on column %I.%I is %L', view, name, about);
            end if;
        end loop;
    end loop;
end
$$;
