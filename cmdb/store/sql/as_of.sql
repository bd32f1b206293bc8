-- For each record that was replaced or removed after batch :seq, the first version so replaced: it is the one that was
-- there at :seq, unless it was written later. (With min(), SQLite takes the other columns from that row.) A kind that
-- there is not was flipped into that, and may have been this one.
SELECT min(place), kind, class, id, body, checksum FROM past
WHERE place >= (:seq + 1) << 20 AND (kind = :kind OR kind NOT IN (SELECT value FROM json_each(:kinds)))
GROUP BY id
