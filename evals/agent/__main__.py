from evals.agent.cli import main

main()
