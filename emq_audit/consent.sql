-- What a log says about consent to advertising: the leaf `consent` of a source, read and judged.
--
-- Codes of Google's consent mode, as server-side Tag Manager logs them:
--   gcs  G1xy: x is ad_storage, y analytics_storage; 1 granted, 0 denied, - not set.
--   gcd  four letters between digits, in order ad_storage, analytics_storage, ad_user_data, ad_personalization:
--        t r n v granted (by default; denied then granted; by an update only; by both), p m u denied (by default; by an update only;
--        granted then denied), l not set. q is denied by most accounts and otherwise by one, so it is taken for neither.
-- Google documents neither code; the letters are those of Commanders Act's parser and of public tables made by observation.
-- What the purposes mean: https://support.google.com/analytics/answer/13802165

CREATE TYPE consent_state AS ENUM ('granted', 'denied', 'not set', 'unclear', 'not logged');

-- What one word says: granted, denied, not set, unreadable; NULL where it says nothing about consent (an object, a mode of consent mode).
-- (The plainest words first, by comparison: nearly every event has one of them.)
CREATE MACRO consent_word(text) AS
    CASE WHEN text IS NULL THEN NULL
         WHEN text = 'granted' OR text = 'true' THEN 'granted'
         WHEN text = 'denied' OR text = 'false' THEN 'denied'
         WHEN text[:2] = '{"' OR text = '{}' OR trim(text) = '' THEN NULL
         WHEN regexp_full_match(text, '\s*(granted|grant|true|1(\.0)?|yes|y|allowed|allow|accepted|opt[-_ ]?in)\s*') THEN 'granted'
         WHEN regexp_full_match(text, '\s*(denied|deny|false|0(\.0)?|no|n|disallowed|rejected|declined|refused|revoked?|withdrawn|opt[-_ ]?out)\s*')
              THEN 'denied'
         WHEN regexp_full_match(text, '\s*(\(?not[-_ ]?set\)?|not[-_ ]?required|unset|unspecified|unknown|pending|null|undefined|none|n/a|-+)\s*')
              THEN 'not set'
         WHEN regexp_full_match(text, '\s*(basic|advanced|default|update|v?2)\s*') THEN NULL
         ELSE 'unreadable' END;

CREATE MACRO gcs_word(text) AS
    CASE WHEN text IS NULL THEN NULL
         WHEN text = 'g111' OR text = 'g110' THEN 'granted'
         WHEN text = 'g100' OR text = 'g101' THEN 'denied'
         WHEN trim(text) = '' THEN NULL
         WHEN NOT regexp_full_match(text, ' *g1[01-][01-] *') THEN 'unreadable'
         WHEN trim(text)[3] = '1' THEN 'granted' WHEN trim(text)[3] = '0' THEN 'denied' ELSE 'not set' END;

-- `place`: where the letter stands; a digit before and behind each, two before the first.
CREATE MACRO gcd_word(text, place) AS
    CASE WHEN text IS NULL OR text = '' THEN NULL
         WHEN NOT regexp_full_match(text, '1[0-9][a-z][0-9][a-z][0-9][a-z][0-9][a-z]([0-9][a-z]?)*') THEN 'unreadable'
         WHEN contains('trnv', text[place]) THEN 'granted'
         WHEN contains('pmu', text[place]) THEN 'denied'
         WHEN text[place] = 'l' THEN 'not set'
         ELSE 'unreadable' END;

-- The texts in the leaf that say something, in lower case: 1-4 codes; 5-9 ad_storage; 10-14 ad_user_data; 15-27 in general.
CREATE MACRO consent_texts(leaf) AS json_extract_string(lower(CAST(leaf AS VARCHAR)), [
    '$.gcs', '$.consent.gcs', '$.gcd', '$.consent.gcd',
    '$.ad_storage', '$.consent.ad_storage', '$.consent.adstorage', '$.consent."ad-storage"', '$.consent.storage.ad_storage',
    '$.ad_user_data', '$.consent.ad_user_data', '$.consent.aduserdata', '$.consent."ad-user-data"', '$.consent.storage.ad_user_data',
    '$.consent', '$.marketing_consent', '$.consent.marketing', '$.consent.advertising', '$.consent.advertisement', '$.consent.ads',
    '$.consent.targeting', '$.consent.marketing_consent', '$.consent.consent', '$.consent.categorypreferences.advertising',
    '$.consent.categorypreferences.marketing', '$.consent.categorypreferences.targeting', '$.consent.categorypreferences.ads']);

CREATE MACRO storage_words(texts) AS
    [gcs_word(coalesce(texts[1], texts[2])), gcd_word(coalesce(texts[3], texts[4]), 3), consent_word(texts[5]), consent_word(texts[6]),
     consent_word(texts[7]), consent_word(texts[8]), consent_word(texts[9])];
CREATE MACRO user_data_words(texts) AS
    [gcd_word(coalesce(texts[3], texts[4]), 7), consent_word(texts[10]), consent_word(texts[11]), consent_word(texts[12]),
     consent_word(texts[13]), consent_word(texts[14])];
CREATE MACRO general_words(texts) AS
    [consent_word(texts[15]), consent_word(texts[16]), consent_word(texts[17]), consent_word(texts[18]), consent_word(texts[19]),
     consent_word(texts[20]), consent_word(texts[21]), consent_word(texts[22]), consent_word(texts[23]), consent_word(texts[24]),
     consent_word(texts[25]), consent_word(texts[26]), consent_word(texts[27])];

CREATE MACRO contradicts(words) AS list_contains(words, 'granted') AND list_contains(words, 'denied');

-- Consent to advertising. Denied where ad_storage or ad_user_data is: what is sent to Meta for ads uses both. What cannot be read
-- decides nothing beside what can; signals that contradict each other about one purpose are unclear.
CREATE MACRO consent_verdict(storage, user_data, general) AS
    CASE WHEN contradicts(storage || general) OR contradicts(user_data || general) THEN 'unclear'::consent_state
         WHEN list_contains(storage || user_data || general, 'denied') THEN 'denied'::consent_state
         WHEN list_contains(storage || user_data || general, 'granted') THEN 'granted'::consent_state
         WHEN list_contains(storage || user_data || general, 'not set') THEN 'not set'::consent_state
         WHEN list_contains(storage || user_data || general, 'unreadable') THEN 'unclear'::consent_state
         ELSE 'not logged'::consent_state END;
