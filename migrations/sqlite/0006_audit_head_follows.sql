-- One statement appends a row and moves the head.
CREATE TRIGGER audit_head_follows AFTER INSERT ON audit BEGIN
    UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash;
END;
