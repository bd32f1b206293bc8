-- For each record that was replaced or removed after batch :seq, the first version so replaced: it is the one that was
-- there at :seq, unless it was written later. (With min(), SQLite takes the other columns from that row.)
SELECT min(place), id, body FROM past
WHERE place >= (:seq + 1) << 20 AND kind = :kind
GROUP BY id
