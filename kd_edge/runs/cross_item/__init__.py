"""One teacher, one student and one bundle for many questions with reference answers."""
