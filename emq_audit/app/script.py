"""The script that `emq-audit app` hands to Streamlit; app.py of a checkout does the same."""

from emq_audit.app.main import main

main()
