-- Conversions that Meta counts again, and what hints at two programs that report the same: needs `purchases`, `unpaired`, `late_rows`.

-- told: the order of events that name none, from the other events of their id.
CREATE TEMP TABLE told AS
SELECT pixel, event_id, min(order_id) AS told_order
FROM purchases
WHERE id_state = 'present' AND order_id IS NOT NULL AND (pixel, event_id) IN (
    SELECT (pixel, event_id) FROM purchases WHERE id_state = 'present' AND order_id IS NULL)
GROUP BY pixel, event_id HAVING count(DISTINCT order_id) = 1;

-- bought: purchases in a form in which both sides' can be compared. `person` is the hash of the email, `browser` the fbp without what
-- Meta's Parameter Builder adds, `id` the event id if there is one.
CREATE TEMP VIEW bought AS
SELECT place, file, "row", side, sender, purchases.pixel, counted, moment, purchases.event_id,
       CASE WHEN id_state IN ('present', 'placeholder') THEN purchases.event_id END AS id, coalesce(order_id, told_order) AS order_id,
       CASE WHEN isfinite(value) THEN round(value, 2) END AS value, coalesce(currency, '') AS currency,
       one_form(em, lower(stripped(em))) AS person,
       split_part(fbp, '.', 3) || '.' || split_part(fbp, '.', 4) AS browser, bare_hash(external_id) AS customer
FROM purchases LEFT JOIN told
     ON purchases.pixel = told.pixel AND purchases.event_id = told.event_id AND order_id IS NULL AND id_state = 'present';

-- Do two purchases come from one visitor? Emails that are both known decide, else browser id or customer id.
CREATE TEMP MACRO one_visitor(person, other_person, browser, other_browser, customer, other_customer) AS
    coalesce(person = other_person, browser = other_browser OR customer = other_customer, false);

-- ordered: all events of the orders that count more than once, in their `turn`: the earliest first, of one second the browser's. An
-- order number that several people or three browsers share, or hundreds of events, is no order's.
CREATE TEMP TABLE ordered AS
SELECT *, row_number() OVER (
           PARTITION BY pixel, order_id ORDER BY moment, side <> 'browser', id, value, currency, sender, person, browser, customer, place) AS turn
FROM bought SEMI JOIN (
    SELECT pixel, order_id FROM bought WHERE order_id IS NOT NULL GROUP BY ALL HAVING count_if(counted) > 1 AND count(*) <= 200)
    USING (pixel, order_id);
DELETE FROM ordered WHERE (pixel, order_id) IN (
    SELECT (pixel, order_id) FROM ordered GROUP BY pixel, order_id HAVING count(DISTINCT person) > 1 OR count(DISTINCT browser) > 2);

-- doubles: one row per Purchase that Meta counts though another one (`other_place`) already stands for it, with the `kind` of repeat
-- (doubles.KINDS). Of the events of an order the first that counts is the true one. What makes a later one a repeat of its own side is
-- an earlier report of that side under another id, or one that Meta dropped in favour of the true one; two values of one side under one
-- order are left alone, for shops report an addition to an order like that.
CREATE TABLE doubles AS
WITH first AS (
    SELECT pixel, order_id, arg_min({'place': place, 'turn': turn, 'id': id}, turn) AS one FROM ordered WHERE counted GROUP BY ALL),
     beside AS (
    SELECT ours.place, one.place AS other_place, theirs.turn < ours.turn AS before,
           before AND theirs.counted AND theirs.id = ours.id AND ours.moment - theirs.moment > 86400 AS late,
           theirs.side = ours.side AND CASE
               WHEN theirs.counted THEN before
               ELSE (ours.id IS NULL OR theirs.id IS DISTINCT FROM ours.id) AND (before OR theirs.id IS NULL OR theirs.id IS NOT DISTINCT FROM one.id)
               END AS reported,
           ours.side = 'server' AND theirs.sender <> ours.sender AS other_sender, theirs.sender = ours.sender AS same_sender,
           coalesce(theirs.value = ours.value, true) AS same_value
    FROM first JOIN ordered AS ours USING (pixel, order_id) JOIN ordered AS theirs USING (pixel, order_id)
    WHERE ours.counted AND ours.turn > one.turn AND theirs.place <> ours.place),
     judged AS (
    SELECT place, any_value(other_place) AS other_place,
           CASE WHEN bool_or(coalesce(late, false)) THEN 'late-repeat'
                WHEN NOT bool_or(reported) THEN 'two-sides'
                WHEN bool_or(reported AND coalesce(other_sender, false)) AND NOT bool_or(reported AND coalesce(same_sender, false)) THEN 'two-senders'
                WHEN bool_or(reported AND same_value) THEN 'again' END AS kind
    FROM beside GROUP BY place)
SELECT place, file, "row", 'Purchase' AS event_name, side, event_id, pixel, kind, value, currency, other_place
FROM judged JOIN ordered USING (place) WHERE kind IS NOT NULL;

-- An id that comes back after its window says so itself where no order does, as long as value and visitor agree.
INSERT INTO doubles
WITH again AS (
    SELECT *, row_number() OVER (PARTITION BY pixel, id ORDER BY moment, side <> 'browser', value, currency, sender, person, browser, customer, place) AS turn
    FROM bought SEMI JOIN (SELECT place FROM late_rows JOIN late_keys USING (number) WHERE NOT placeholder) USING (place)
    WHERE counted AND order_id IS NULL)
SELECT again.place, again.file, again."row", 'Purchase', again.side, again.event_id, again.pixel, 'late-repeat', again.value, again.currency, first.place
FROM again JOIN (FROM again WHERE turn = 1) AS first USING (pixel, id)
WHERE again.turn > 1 AND again.value IS NOT DISTINCT FROM first.value AND again.currency = first.currency
      AND one_visitor(again.person, first.person, again.browser, first.browser, again.customer, first.customer);

-- visits: one row per purchase that is left, and visitor by whom there are others of the same value, some of them without an order; more
-- than twenty are no visitor's, but what a shop puts in for all. untold: these purchases, in their turn.
CREATE TEMP TABLE visits AS
WITH left_over AS (SELECT * FROM bought WHERE counted AND value > 0 AND moment IS NOT NULL AND place NOT IN (SELECT place FROM doubles)),
     keys AS (
    SELECT place, order_id IS NULL AS untold, hash(pixel, value, currency, 'person', person) AS visitor FROM left_over WHERE person IS NOT NULL
    UNION ALL
    SELECT place, order_id IS NULL, hash(pixel, value, currency, 'browser', browser) FROM left_over WHERE browser IS NOT NULL
    UNION ALL
    SELECT place, order_id IS NULL, hash(pixel, value, currency, 'customer', customer) FROM left_over WHERE customer IS NOT NULL)
SELECT place, visitor
FROM keys SEMI JOIN (SELECT visitor FROM keys GROUP BY visitor HAVING count(*) BETWEEN 2 AND 20 AND bool_or(untold)) USING (visitor);
CREATE TEMP TABLE untold AS
SELECT *, row_number() OVER (ORDER BY moment, side <> 'browser', id, order_id, sender, person, browser, customer, place) AS turn
FROM bought SEMI JOIN visits USING (place);

-- Ten minutes around, an event with an order is the true one, else the earlier.
INSERT INTO doubles
SELECT ours.place, any_value(ours.file), any_value(ours."row"), 'Purchase', any_value(ours.side), any_value(ours.event_id), any_value(ours.pixel),
       'same-purchase', any_value(ours.value), any_value(ours.currency),
       arg_min(theirs.place, theirs.turn + CASE WHEN theirs.order_id IS NULL THEN 1000000000000 ELSE 0 END)
FROM untold AS ours JOIN visits AS our_keys USING (place) JOIN visits AS their_keys USING (visitor)
     JOIN untold AS theirs ON theirs.place = their_keys.place
WHERE ours.order_id IS NULL AND theirs.place <> ours.place AND (theirs.order_id IS NOT NULL OR theirs.turn < ours.turn)
      AND abs(theirs.moment - ours.moment) <= 600 AND NOT coalesce(ours.browser <> theirs.browser, false)
      AND one_visitor(ours.person, theirs.person, ours.browser, theirs.browser, ours.customer, theirs.customer)
GROUP BY ours.place;

DROP TABLE visits; DROP TABLE untold; DROP TABLE ordered; DROP VIEW bought; DROP TABLE told; DROP MACRO one_visitor;

-- counted_purchases: every Purchase that Meta counts, with the kind of repeat it is (NULL for true ones) and why it has no partner
-- (NULL if it has one).
CREATE VIEW counted_purchases AS
SELECT place, 'Purchase' AS event_name, purchases.side, purchases.file, purchases."row", purchases.event_id, kind, reason
FROM purchases LEFT JOIN doubles USING (place) LEFT JOIN unpaired USING (place)
WHERE counted;

-- pressed: one row per conversion other than a page or product seen, with a number for what makes two of them the same press of a button:
-- pixel, name, side, browser, value, products and order. Purchases are judged above, unless they name neither order nor value. Times are
-- those of the events: what comes in one request is received in one second.
CREATE VIEW pressed AS
SELECT place, event_name, side, file, "row", event_id, event_time,
       hash(pixel, event_name, side, split_part(fbp, '.', 3), split_part(fbp, '.', 4), value_text, item_ids, order_id) AS press,
       CASE WHEN id_state IN ('present', 'placeholder') THEN hash(event_id) ELSE hash(place) END AS id
FROM events
WHERE event_name IN ('AddToCart', 'AddToWishlist', 'AddPaymentInfo', 'InitiateCheckout', 'Lead', 'CompleteRegistration', 'Subscribe',
                     'StartTrial', 'Contact', 'Schedule', 'Donate', 'SubmitApplication', 'Purchase')
      AND (event_name <> 'Purchase' OR is_blank(order_id) AND NOT coalesce(TRY_CAST(value_text AS DOUBLE) > 0, false))
      AND side IN ('browser', 'server') AND source_state <> 'business_messaging' AND fbp_state = 'usable' AND event_time IS NOT NULL;

-- burst_rows: events that come at most a second after one of the same press and another id. A browser with over a hundred of one
-- press is no visitor's.
CREATE TABLE burst_rows AS
WITH presses AS MATERIALIZED (SELECT press, id, event_time, place FROM pressed),
     once AS (
    SELECT press, id, min(event_time) AS event_time, arg_min(place, (event_time, place)) AS place
    FROM presses SEMI JOIN (SELECT press FROM presses GROUP BY press HAVING count(*) BETWEEN 2 AND 100) USING (press)
    GROUP BY press, id)
SELECT place FROM once QUALIFY event_time - lag(event_time) OVER (PARTITION BY press ORDER BY event_time, id) <= 1;

-- bursts: all of `pressed`, and whether the event is one of those (`again`).
CREATE VIEW bursts AS
SELECT place, event_name, side, file, "row", event_id, place IN (FROM burst_rows) AS again FROM pressed;

-- id_makers: one row per pixel with website Purchases from the server: how many carry an id of the commonest family (`events`), and how
-- many one of the second that was in use at the same time (`others`: the middle event of each lies within the time of the other).
CREATE TABLE id_makers AS
WITH families AS (
    SELECT pixel, id_family(event_id) AS family, count(*) AS events, min(moment) AS start, max(moment) AS stop,
           quantile_disc(moment, 0.5) AS middle, row_number() OVER (PARTITION BY pixel ORDER BY count(*) DESC, id_family(event_id)) AS rank
    FROM events
    WHERE event_name = 'Purchase' AND side = 'server' AND scored AND id_state = 'present' AND id_family(event_id) <> 'text'
    GROUP BY pixel, family)
SELECT 'Purchase' AS event_name, 'server' AS side, first.pixel, first.events, coalesce(second.events, 0) AS others
FROM (FROM families WHERE rank = 1) AS first LEFT JOIN (FROM families WHERE rank = 2) AS second
     ON second.pixel = first.pixel AND first.middle BETWEEN second.start AND second.stop AND second.middle BETWEEN first.start AND first.stop;
