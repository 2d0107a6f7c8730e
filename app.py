from emq_audit.app.main import main

main()
