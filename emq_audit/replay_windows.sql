-- windows: one row per window that an id opens. All `browser` and `server` events in it count as one, and `kept` is the side whose
-- event that is: the first received, or the browser's if it comes within five minutes of the first.
CREATE VIEW windows AS
SELECT *, least(browser_first, server_first) AS first,
       CASE WHEN browser = 0 THEN 'server' WHEN server = 0 OR browser_first IS NULL OR server_first IS NULL THEN 'browser'
            WHEN browser_first - server_first <= {favoured} THEN 'browser' ELSE 'server' END AS kept
FROM (SELECT pixel, event_name, event_id, placeholder, browser, server, browser_first, server_first, false AS late
      FROM id_counts
      WHERE coalesce(greatest(browser_last, server_last) - least(browser_first, server_first), 0) <= {window}
      UNION ALL
      SELECT pixel, event_name, event_id, placeholder, count(*) FILTER (WHERE side = 'browser'), count(*) FILTER (WHERE side = 'server'),
             min(moment) FILTER (WHERE side = 'browser'), min(moment) FILTER (WHERE side = 'server'), true
      FROM late_rows JOIN late_keys USING (number)
      GROUP BY "window", pixel, event_name, event_id, placeholder);
