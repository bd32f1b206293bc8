-- As search.sql, where every word is too short for the index: each text is looked at.
SELECT document.id
FROM fulltext JOIN document ON number = fulltext.rowid
WHERE (:kind IS NULL OR document.kind = :kind)
  AND NOT EXISTS (SELECT 1 FROM json_each(:likes) WHERE fulltext.words NOT LIKE value ESCAPE '\')
ORDER BY length(fulltext.words), document.id
LIMIT :limit
