# Two commands do everything: `make run` and `make test`. Both say what they install and why before doing it.
.PHONY: test lab-up lab-down lab-fault
test:      ; @scripts/test.sh
lab-up:    ; @tests/lab/all.sh
lab-down:  ; @tests/lab/down.sh
lab-fault: ; @tests/lab/fault.sh $(NAME) $(TARGET)
