-- The words that events.py and the checks speak in. Plain conditions with a name; nothing here reads a table.
-- Meta's rules: https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters

-- Texts ------------------------------------------------------------------------------------------------------------------

-- The value of a JSON leaf as text. Of a list, the first SHA-256 in it, else its first entry: Meta tries every entry. (No lambda here: with
-- one in it DuckDB fills the table on a single thread.)
CREATE MACRO first_text(leaf) AS
    CASE WHEN leaf IS NULL THEN NULL
         WHEN CAST(leaf AS VARCHAR)[1] <> '[' THEN leaf ->> '$'
         WHEN json_array_length(leaf) < 2 THEN leaf ->> 0
         ELSE coalesce(nullif(regexp_extract(CAST(leaf AS VARCHAR), '"([0-9a-f]{64}(\.([A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{2}))?)"', 1), ''), leaf ->> 0)
    END;

-- Without the space around it: blanks of any script, tabs, line ends. (trim alone knows no tabs, and with a list nothing beyond it.)
CREATE MACRO stripped(text) AS trim(text,
    E' \t\n\r' || chr(11) || chr(12) || chr(133) || chr(160) || chr(8192) || chr(8193) || chr(8194) || chr(8195) || chr(8196) || chr(8197)
    || chr(8198) || chr(8199) || chr(8200) || chr(8201) || chr(8202) || chr(8232) || chr(8233) || chr(8239) || chr(8287) || chr(12288));

-- Asked of every event, so it stops at the first sign that `stripped` would leave; stripping a long text costs many times as much.
CREATE MACRO is_blank(text) AS text IS NULL
    OR NOT regexp_matches(text, '[^ \t\n\r\x0B\x0C\x{85}\x{A0}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]');

-- One form for a value that comes hashed or not: the hash, of `plain` where `text` is none.
CREATE MACRO one_form(text, plain) AS
    CASE WHEN strlen(text) = 64 AND NOT regexp_matches(text, '[^0-9a-f]') THEN text
         WHEN regexp_full_match(text, '\s*[0-9A-Fa-f]{64}.*') THEN lower(stripped(text))[:64] ELSE sha256(plain) END;

-- Neither blank nor a placeholder, told by its first characters alone: one cheap look that settles nearly every id. (The first two or
-- three letters of each placeholder, not one: many ids begin with a or e.)
CREATE MACRO is_plainly_an_id(text) AS
    regexp_matches(text, '^[1-9A-Za-z]') AND NOT regexp_matches(text, '(?i)^(n[aiou/]|un|false|t[er]|guest|ano|e[mx]|phone|xx)');

-- Text that a program writes where a value is missing. (Regular expressions instead of long IN lists, here and below: DuckDB turns
-- such a list into a join, which is slower and loses the order of the file.)
CREATE MACRO is_placeholder(text) AS regexp_full_match(stripped(text),
    '(?i)null|undefined|none|nan|n/a|nil|unknown|\(?not set\)?|\(none\)|\[object object\]|-+|false|true|test|guest|anonymous|email|phone|(test|example)@(test|example)\.com|0+|\+0+|\{\{[a-z_. ]+\}\}|xxx+');

CREATE MACRO side_state(side) AS
    CASE WHEN side = 'server' THEN 'server'::side_name WHEN side = 'browser' THEN 'browser'::side_name
         WHEN side = 'offline' THEN 'offline'::side_name ELSE 'unknown'::side_name END;

-- States of a match key are constants of the type key_state (match_keys.STATES), so that no row pays for a cast from text.

-- Hashes -----------------------------------------------------------------------------------------------------------------

-- Meta's Parameter Builder appends a language token of 2 or 8 characters to what it touches:
-- https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameter-builder-library
CREATE MACRO without_appendix(text) AS regexp_replace(text, '\.([A-Za-z0-9_-]{8}|AQ|Ag|Aw|BA|BQ|Bg)$', '');

-- A cookie, and a hash, without such an appendix: as it is compared with that of the other side, whose sender may append none. (The
-- places of a dot are looked at first: nearly every value has none there.)
CREATE MACRO bare_cookie(text) AS
    CASE WHEN substr(text, -3, 1) <> '.' AND substr(text, -9, 1) <> '.' THEN text
         ELSE regexp_replace(text, '^([^.]*\.[^.]*\.[^.]*\.[^.]*)\.([A-Za-z0-9_-]{8}|AQ|Ag|Aw|BA|BQ|Bg)$', '\1') END;
CREATE MACRO bare_hash(text) AS
    CASE WHEN strlen(text) <> 73 AND strlen(text) <> 67 THEN text
         ELSE regexp_replace(text, '^([0-9a-f]{64})\.([A-Za-z0-9_-]{8}|AQ|Ag|Aw|BA|BQ|Bg)$', '\1') END;

-- A lower-case hex SHA-256, with or without an appendix: the only hash Meta compares.
CREATE MACRO is_sha256(text) AS regexp_full_match(text, '[0-9a-f]{64}(\.([A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{2}))?');

-- What a value is that should be a SHA-256 and is not.
CREATE MACRO unhashed_state(text, side, plausible) AS
    CASE WHEN regexp_full_match(text, '\s*[0-9A-Fa-f]{64}(\.[A-Za-z0-9_-]{2,8})?\s*')
              -- The pixel and Meta's libraries trim such a value and make it small; a server that writes the request itself does not.
              THEN CASE WHEN side = 'browser' THEN 'usable'::key_state
                        WHEN regexp_matches(stripped(text)[:64], '[A-F]') THEN 'uppercase'::key_state ELSE 'malformed'::key_state END
         WHEN regexp_full_match(text, '[0-9A-Fa-f]{32}(\.[A-Za-z0-9_-]{2,8})?') THEN 'md5'::key_state
         WHEN regexp_full_match(text, '[0-9A-Fa-f]{40}') THEN 'sha1'::key_state
         WHEN regexp_full_match(text, '[0-9A-Fa-f]{56}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128}') THEN 'other_hash'::key_state
         WHEN regexp_full_match(text, '[A-Za-z0-9+/]{43}=') THEN 'base64'::key_state
         WHEN is_placeholder(text) THEN 'junk'::key_state
         -- What no hashing could turn into a match ("call me" as an email) is malformed on either side.
         WHEN NOT plausible THEN 'malformed'::key_state
         WHEN side = 'server' THEN 'raw'::key_state
         ELSE 'usable'::key_state
    END;

-- The state of a key that Meta wants hashed. `plausible`: could this text be hashed by the pixel and then match?
CREATE MACRO hashed_key_state(leaf, text, side, plausible) AS
    CASE WHEN leaf IS NULL THEN 'missing'::key_state
         WHEN is_sha256(text) THEN 'usable'::key_state
         WHEN is_blank(text) THEN 'empty'::key_state
         ELSE unhashed_state(text, side, plausible)
    END;

-- An address both Meta libraries take: something@something.something, no spaces inside.
CREATE MACRO is_email(text) AS regexp_full_match(stripped(text), '[^@\s]+@[^@\s]+\.[^@\s]+');

-- The words that Parameter Builder turns into m and f; the Business SDK takes only the letters.
CREATE MACRO is_gender(text) AS regexp_full_match(lower(stripped(text)),
    'm|f|man|male|boy|gentleman|guy|sir|mister|mr|son|father|dad|daddy|papa|uncle|nephew|brother|husband|boyfriend|groom|widower|king|prince|duke|count|emperor|god|lord|lad|fellow|chap|bloke|dude|he|him|his|himself|woman|female|girl|lady|miss|ms|mrs|madam|ma''am|daughter|mother|mom|mama|mommy|aunt|niece|sister|wife|girlfriend|bride|widow|queen|princess|duchess|countess|empress|goddess|maiden|lass|gal|chick|dame|belle|she|her|hers|herself');

-- A key that may be hashed or not: any stable text will do.
CREATE MACRO optional_key_state(leaf, text) AS
    CASE WHEN leaf IS NULL THEN 'missing'::key_state
         WHEN is_plainly_an_id(text) THEN 'usable'::key_state
         WHEN is_blank(text) THEN 'empty'::key_state
         WHEN is_placeholder(text) THEN 'junk'::key_state
         ELSE 'usable'::key_state
    END;

-- Numbers that Meta issues: sent as they are.
CREATE MACRO number_key_state(leaf, text, pattern) AS
    CASE WHEN leaf IS NULL THEN 'missing'::key_state
         WHEN is_blank(text) THEN 'empty'::key_state
         WHEN is_placeholder(text) THEN 'junk'::key_state
         WHEN regexp_full_match(text, '[0-9A-Fa-f]{64}') THEN 'hashed'::key_state
         WHEN regexp_full_match(text, pattern) THEN 'usable'::key_state
         ELSE 'malformed'::key_state
    END;

-- Cookies fb.<subdomain index>.<creation time in ms>.<payload>[.<appendix>] -----------------------------------------------
-- https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc

CREATE MACRO is_cookie(text) AS
    regexp_full_match(text, 'fb\.[0-9]{1,2}\.[0-9]{13}\.[^.\s\pZ]+(\.([A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{2}))?');

-- What all of Meta's Parameter Builders still take for a cookie: any level, any number as time, any id without a dot.
CREATE MACRO is_odd_cookie(text) AS
    regexp_full_match(text, '(?s)fb\.[0-9]+\.[0-9]+\.[^.]+(\.([A-Za-z0-9_-]{8}|AQ|Ag|Aw|BA|BQ|Bg))?');
CREATE MACRO odd_cookie_ms(text) AS coalesce(TRY_CAST(split_part(text, '.', 3) AS BIGINT), 9223372036854775807);

-- Unix milliseconds at which a cookie was made. Only for what is_cookie. (substr takes a third of the time of text[6:18].)
CREATE MACRO cookie_ms(text) AS
    TRY_CAST(CASE WHEN substr(text, 5, 1) = '.' THEN substr(text, 6, 13) ELSE substr(text, 7, 13) END AS BIGINT);

-- The state of a cookie made at `ms`, usable first: nearly every row stops there, having read `ms` once.
CREATE MACRO cookie_age_state(ms, event_time, days) AS
    CASE WHEN event_time IS NULL OR ms BETWEEN (event_time - CAST(days AS BIGINT) * 86400) * 1000 AND (event_time + 600) * 1000
              THEN 'usable'::key_state
         WHEN ms > (event_time + 600) * 1000 THEN 'future'::key_state
         ELSE 'expired'::key_state END;

-- `event_time` in seconds or NULL. Ten minutes of clock difference are nobody's fault.
CREATE MACRO cookie_state(leaf, text, event_time, days) AS
    CASE WHEN leaf IS NULL THEN 'missing'::key_state
         WHEN is_cookie(text) THEN cookie_age_state(cookie_ms(text), event_time, days)
         WHEN is_blank(text) THEN 'empty'::key_state
         WHEN is_placeholder(text) THEN 'junk'::key_state
         WHEN regexp_full_match(text, '[0-9A-Fa-f]{64}|[0-9A-Fa-f]{32}') THEN 'hashed'::key_state
         WHEN regexp_full_match(text, 'fb\.[0-9]{1,2}\.[0-9]{10}\.[^.\s\pZ]+(\.[A-Za-z0-9_-]{2,8})?') THEN 'seconds'::key_state
         WHEN regexp_full_match(text, '(Iw[A-Z]|PA)[A-Za-z0-9_-]{17,}') THEN 'click_id'::key_state
         WHEN is_odd_cookie(text) THEN
              CASE WHEN length(split_part(text, '.', 3)) <= 10 THEN 'seconds'::key_state
                   ELSE cookie_age_state(odd_cookie_ms(text), event_time, days) END
         ELSE 'malformed'::key_state
    END;

-- IP addresses -----------------------------------------------------------------------------------------------------------

CREATE MACRO is_ipv4(text) AS
    regexp_full_match(text, '((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])');

CREATE MACRO is_ipv6(text) AS regexp_full_match(text,
    '(?i)([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|([0-9a-f]{1,4}:){1,7}:|([0-9a-f]{1,4}:){1,6}:[0-9a-f]{1,4}|([0-9a-f]{1,4}:){1,5}(:[0-9a-f]{1,4}){1,2}|([0-9a-f]{1,4}:){1,4}(:[0-9a-f]{1,4}){1,3}|([0-9a-f]{1,4}:){1,3}(:[0-9a-f]{1,4}){1,4}|([0-9a-f]{1,4}:){1,2}(:[0-9a-f]{1,4}){1,5}|[0-9a-f]{1,4}:(:[0-9a-f]{1,4}){1,6}|:(:[0-9a-f]{1,4}){1,7}|::');

-- An address whose first number alone says that it is nobody's special range: one look that settles most.
CREATE MACRO is_plainly_public(text) AS regexp_full_match(text,
    '([1-9]|1[1-9]|[2-9][0-9]|1(0[1-9]|1[0-9]|2[0-689]|[345][0-9]|6[0-8]|7[0134-9]|8[0-9]|9[0134567])|2(0[0124-9]|1[0-9]|2[0-3]))(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}');

CREATE MACRO ipv4_state(text) AS
    CASE WHEN regexp_matches(text, '^127\.') THEN 'loopback'::key_state
         WHEN regexp_matches(text, '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|169\.254\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.)')
              THEN 'private'::key_state
         WHEN regexp_matches(text, '^(0\.|192\.0\.[02]\.|198\.51\.100\.|203\.0\.113\.|198\.1[89]\.|22[4-9]\.|2[345][0-9]\.)') THEN 'reserved'::key_state
         ELSE 'usable'::key_state
    END;

CREATE MACRO ipv6_state(text) AS
    CASE WHEN regexp_matches(text, '^[0:]*:0{0,3}1$') THEN 'loopback'::key_state
         WHEN regexp_matches(text, '(?i)^(fe[89ab][0-9a-f]:|f[cd][0-9a-f]{2}:)') THEN 'private'::key_state
         WHEN regexp_matches(text, '(?i)^([0:]*$|2001:0?db8:|3fff:(:|0?[0-9a-f]{1,3}:)|ff[0-9a-f]{2}:|0?100::)') THEN 'reserved'::key_state
         WHEN regexp_full_match(text, '(?i)[0:]*:ffff:[0-9a-f]{1,4}:[0-9a-f]{1,4}') THEN 'mapped'::key_state
         ELSE 'usable'::key_state
    END;

-- An IPv6 address that ends in dotted notation, such as ::ffff:192.0.2.1, in its two halves.
CREATE MACRO dotted_end(text) AS regexp_extract(text, '[0-9.]+$');
CREATE MACRO hex_start(text) AS regexp_extract(text, '^[0-9A-Fa-f:]*:');

-- `text` without the appendix that Parameter Builder adds after a whole address.
CREATE MACRO bare_ip(text) AS regexp_replace(stripped(text), '^(\d+\.\d+\.\d+\.\d+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)\.([A-Za-z0-9_-]{8}|AQ|Ag|Aw|BA|BQ|Bg)$', '\1');

CREATE MACRO address_state(text) AS
    CASE WHEN is_ipv4(text) THEN ipv4_state(text)
         WHEN is_ipv6(text) THEN ipv6_state(text)
         WHEN is_ipv4(dotted_end(text)) AND is_ipv6(hex_start(text) || '0:0')
              THEN CASE WHEN NOT regexp_full_match(hex_start(text), '(?i)[0:]*:ffff:') THEN ipv6_state(hex_start(text) || '0:0')
                        WHEN ipv4_state(dotted_end(text)) = 'usable' THEN 'mapped'::key_state ELSE ipv4_state(dotted_end(text)) END
         WHEN is_ipv6(regexp_replace(text, '%[^%]+$', '')) THEN ipv6_state(text)
         WHEN contains(text, ',') OR contains(text, ';') OR regexp_matches(text, '\S\s+\S') THEN 'list'::key_state
         WHEN regexp_full_match(text, '[0-9A-Fa-f]{64}|[0-9A-Fa-f]{32}') THEN 'hashed'::key_state
         WHEN is_placeholder(text) THEN 'junk'::key_state
         ELSE 'malformed'::key_state
    END;

CREATE MACRO ip_state(leaf, text, side) AS
    CASE WHEN leaf IS NULL THEN CASE WHEN side = 'browser' THEN 'implicit'::key_state ELSE 'missing'::key_state END
         WHEN CAST(leaf AS VARCHAR)[1] = '[' AND json_array_length(leaf) > 1 THEN 'list'::key_state
         WHEN is_plainly_public(text) THEN 'usable'::key_state
         WHEN is_ipv4(text) THEN ipv4_state(text)
         WHEN is_blank(text) THEN CASE WHEN side = 'browser' THEN 'implicit'::key_state ELSE 'empty'::key_state END
         ELSE address_state(bare_ip(text))
    END;

-- User agents ------------------------------------------------------------------------------------------------------------

-- 'usable' and 'suspect' are for now: suspects.py judges each distinct user agent once, which is far cheaper than each row.
CREATE MACRO user_agent_state(leaf, text, side) AS
    CASE WHEN leaf IS NULL THEN CASE WHEN side = 'browser' THEN 'implicit'::key_state ELSE 'missing'::key_state END
         WHEN starts_with(text, 'Mozilla/5.0 (') THEN 'usable'::key_state
         WHEN is_blank(text) THEN CASE WHEN side = 'browser' THEN 'implicit'::key_state ELSE 'empty'::key_state END
         WHEN regexp_full_match(text, '[0-9A-Fa-f]{64}|[0-9A-Fa-f]{32}') THEN 'hashed'::key_state
         WHEN is_placeholder(text) THEN 'junk'::key_state
         ELSE 'suspect'::key_state
    END;

-- The usual browsers in the form they write themselves, with nothing added; all else is looked at closely.
CREATE MACRO is_browser(text) AS regexp_full_match(text,
    'Mozilla/5\.0 \((Windows|Macintosh|iPhone|iPad|Linux; Android|X11)[A-Za-z0-9_ .;:,/-]*\) (AppleWebKit/[0-9.]+ \(KHTML, like Gecko\)|Gecko/[0-9.]+)( (Version|Chrome|CriOS|Safari|Mobile|Edg|EdgA|EdgiOS|Firefox|FxiOS|OPR|SamsungBrowser|GSA|DuckDuckGo|Ddg)(/[A-Za-z0-9.]+)?)*');

-- Apps that open pages in a browser of their own, with hundreds of thousands of spellings; a crawler's word in one is looked at closely.
CREATE MACRO is_browser_in_app(text) AS
    starts_with(text, 'Mozilla/5.0 (') AND regexp_matches(text, 'FBA[NV]/|Instagram|Pinterest|Snapchat|musical_ly|TikTok|LinkedInApp|GSA/')
    AND NOT regexp_matches(text, '(?i)bot|crawl|spider|http|headless|lighthouse|preview|scan|monitor|slurp|externalhit|phantom');

-- Times ------------------------------------------------------------------------------------------------------------------

-- What an event_time is: Meta wants Unix seconds (https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/server-event).
-- `number` is the text as DOUBLE, or NULL.
CREATE MACRO time_state(text, number) AS
    CASE WHEN number BETWEEN 9e8 AND 5e9 THEN 'seconds'::fact
         WHEN number BETWEEN 9e11 AND 5e12 THEN 'milliseconds'::fact
         WHEN number BETWEEN 9e14 AND 5e15 THEN 'microseconds'::fact
         WHEN number BETWEEN 9e5 AND 5e6 THEN 'divided'::fact
         WHEN is_blank(text) THEN 'missing'::fact
         WHEN isfinite(TRY_CAST(text AS TIMESTAMPTZ)) THEN 'date'::fact
         ELSE 'unreadable'::fact
    END;

-- The same moment in Unix seconds, whatever the unit it came in; NULL where it cannot be read.
CREATE MACRO unix_seconds(text, number) AS
    CAST(CASE WHEN number BETWEEN 9e8 AND 5e9 THEN floor(number)
              WHEN number BETWEEN 9e11 AND 5e12 THEN floor(number / 1000)
              WHEN number BETWEEN 9e14 AND 5e15 THEN floor(number / 1000000)
              WHEN number BETWEEN 9e5 AND 5e6 THEN floor(number * 1000)
              WHEN NOT is_blank(text) THEN floor(epoch(TRY_CAST(text AS TIMESTAMPTZ)))
    END AS BIGINT);

-- Event names, money, addresses ------------------------------------------------------------------------------------------

-- Every action_source but website: such events have no EMQ.
CREATE MACRO is_other_source(text) AS
    regexp_full_match(text, 'email|app|phone_call|chat|physical_store|system_generated|business_messaging|other');

-- A number Meta can read: 12, 12.50, also as text; at least 0.
CREATE MACRO value_state(text, number) AS
    CASE WHEN number > 0 AND isfinite(number) THEN 'number'::fact
         WHEN number = 0 THEN 'zero'::fact
         WHEN number < 0 AND isfinite(number) THEN 'negative'::fact
         WHEN is_blank(text) THEN 'missing'::fact
         ELSE 'not_a_number'::fact
    END;

-- An ISO 4217 code in either case. The commonest first, so that most rows need no regular expression.
CREATE MACRO currency_state(code) AS
    CASE WHEN code = 'EUR' OR code = 'USD' OR code = 'GBP' OR code = 'DKK' OR code = 'SEK' OR code = 'NOK' THEN 'known'::fact
         WHEN is_blank(code) THEN 'missing'::fact
         WHEN is_currency(code) THEN 'known'::fact
         ELSE 'unknown'::fact
    END;

-- One number for the products of an event, from contents or content_ids: the same for the same products in any order; NULL where none is named.
CREATE MACRO one_number(list) AS CASE WHEN len(list) > 0 THEN hash(list_sort(list_distinct(list))) END;
CREATE MACRO item_ids(contents, content_ids) AS
    CASE WHEN contents IS NOT NULL AND json_array_length(contents) > 0 AND len(json_extract_string(contents, '$[*].id')) > 0
              THEN one_number(json_extract_string(contents, '$[*].id'))
         WHEN content_ids IS NOT NULL THEN one_number(json_extract_string(content_ids, '$[*]')) END;

CREATE MACRO id_state(leaf, text) AS
    CASE WHEN leaf IS NULL THEN 'missing'::fact
         WHEN is_plainly_an_id(text) THEN 'present'::fact
         WHEN is_blank(text) THEN 'empty'::fact
         WHEN is_placeholder(text) THEN 'placeholder'::fact
         ELSE 'present'::fact
    END;

CREATE MACRO source_state(text) AS
    CASE WHEN text = 'website' THEN 'website'::fact
         WHEN is_blank(text) THEN 'missing'::fact
         WHEN is_other_source(text) THEN TRY_CAST(text AS fact)
         ELSE 'unknown'::fact
    END;

CREATE MACRO url_state(text) AS
    CASE WHEN regexp_matches(text, '^https?://[a-z][a-z0-9-]*(\.[a-z0-9-]+)*\.[a-z]{2,3}/') THEN 'ok'::fact  -- one look for the usual address
         WHEN regexp_matches(text, '^https?://[a-z0-9-]+\.[a-z0-9.-]+[a-z]/') AND NOT regexp_matches(text, '^[^/]*//[^/]*\.(local|test|localhost)/')
              AND NOT regexp_matches(text, '^https?://(127|10|192)\.') THEN 'ok'::fact
         WHEN is_blank(text) THEN 'missing'::fact
         WHEN NOT regexp_matches(text, '(?i)^https?://[^/\s]') THEN 'malformed'::fact
         WHEN regexp_matches(text, '(?i)^https?://(localhost|127\.|10\.|192\.168\.|\[::1\]|[^/]*\.(local|test|localhost)([:/]|$))') THEN 'local'::fact
         ELSE 'ok'::fact
    END;

-- An e-mail address that anyone can read, as it stands or percent-encoded. The part before the @ must look like one, so that a
-- URL such as https://user@host or a handle such as /@name is not taken for it.
-- (CASE and not AND: in a column DuckDB works out both sides of an AND for every row.)
CREATE MACRO shows_email(text) AS
    CASE WHEN NOT contains(text, '@') AND NOT contains(text, '%40') THEN false
         ELSE regexp_matches(text, '(?i)[a-z0-9][a-z0-9._+-]*(@|%40)[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)*\.[a-z]{2,}') END;

-- How the click id in fbc compares with the one in the page address: same, case, cut, other, or NULL where one is absent.
CREATE MACRO click_agreement(fbc, url) AS
    CASE WHEN fbc IS NULL OR url IS NULL OR NOT regexp_matches(url, 'fbclid=[^&#]') THEN NULL
         WHEN split_part(fbc, '.', 4) = without_appendix(regexp_extract(url, 'fbclid=([^&#]+)', 1)) THEN 'same'::fact
         WHEN lower(split_part(fbc, '.', 4)) = lower(without_appendix(regexp_extract(url, 'fbclid=([^&#]+)', 1))) THEN 'case'::fact
         WHEN length(split_part(fbc, '.', 4)) >= 20
              AND starts_with(regexp_extract(url, 'fbclid=([^&#]+)', 1), split_part(fbc, '.', 4)) THEN 'cut'::fact
         ELSE 'other'::fact
    END;

-- How an id was made: no id of one family can equal one of another.
CREATE MACRO id_family(id) AS
    CASE WHEN regexp_full_match(id, '(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}') THEN 'uuid'
         WHEN regexp_full_match(id, '1[0-9]{9}([0-9]{3}){0,2}([._-][0-9A-Za-z]+)?') THEN 'timestamp'
         WHEN regexp_full_match(id, '[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{56}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128}') THEN 'hash'
         WHEN regexp_full_match(id, '#?[0-9]{1,12}') THEN 'number'
         ELSE 'text' END;

-- A number whatever way it is written (249, 249.00), other text as it stands: only to tell whether two are the same.
CREATE MACRO same_number(text) AS coalesce(CAST(TRY_CAST(text AS DOUBLE) AS VARCHAR), text);
