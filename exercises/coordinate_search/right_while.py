# A while loop, a dict of scores for each hyper-parameter, and a list in place of a tuple.
def coordinate_search(objective, space, start, rounds):
    config, top, done, improved = start.copy(), objective(start.copy()), 0, True
    while improved and done < rounds:
        improved = False
        done += 1
        for name in space:
            scores = {}
            for value in space[name]:
                if value == config[name]:
                    continue
                trial = config.copy()
                trial[name] = value
                scores[value] = objective(trial)
            if scores and max(scores.values()) > top:
                config[name] = max(scores, key=scores.get)
                top = scores[config[name]]
                improved = True
    return [config, top]
