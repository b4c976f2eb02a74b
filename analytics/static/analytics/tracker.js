// docs/tracker.md
;(() => {
	const attempt = (act) => {
		try {
			return act()
		} catch {}
	}

	const { src, dataset } = document.currentScript || {}
	const settings = () => ({
		...window.pointerscopeConfig,
		...Object.fromEntries(new URLSearchParams(src?.split("?")[1])),
		...dataset,
	})
	const mayStart = () => /^(true|undefined)?$/.test(settings().autostart)
	if (!mayStart()) window.pointerscopeConfig = { ...window.pointerscopeConfig, autostart: false }
	if (window.pointerscope?.start) return

	const optedOut = navigator.globalPrivacyControl || navigator.doNotTrack === "1"
	const counts = { captured: 0, accepted: 0, duplicates: 0, conflicts: 0, dropped: 0 }
	const seed = Math.floor(Math.random() * 1e8)
	const queue = []
	let connection = "idle"
	let origin = performance.timeOrigin
	let [sending, failures, offset, seq] = [0, 0, 0, seed]
	let last = { time: 0, x: 0, y: 0 }
	let problem, timer, api, session, renewed, label, sizes, home
	let lastScene, config, roundTrip, lastPath, named, started, storage
	let ended, wake, best, interval

	const drift = Date.now() - performance.now() - origin
	const now = () => {
		const slept = Date.now() - performance.now() - origin - drift
		if (slept > 5000) origin += slept
		return origin + performance.now()
	}
	let at = now() + 500

	const enter = () => {
		lastPath = null
	}

	const fit = (given, most) =>
		attempt(() => decodeURI(encodeURI(given)) === given && !given[most] && given) || undefined

	const encode = (fields) => JSON.stringify({ __proto__: null, ...fields })

	const measure = () => {
		const view = document.scrollingElement || document.documentElement
		sizes = `"viewport":[${view.clientWidth},${view.clientHeight}],"document":[${view.scrollWidth},${view.scrollHeight}],`
	}

	const add = (item) => {
		if (queue.push(item) > 20000) drop(sending, 1)
		if (!timer) timer = outside(() => setTimeout(send, queue.length < 500 ? interval : 0))
	}

	const capture = (event) => {
		if (!event.isTrusted || !event.isPrimary) return
		const before = at
		at = now()
		const path = origin + event.pointerId + location.href
		const scene = `${sizes}"scroll":[${Math.round(event.pageX - event.clientX)},${Math.round(event.pageY - event.clientY)}],"pixel_ratio":${+devicePixelRatio || 1},${encode({ pointer: event.pointerType || "mouse", page: fit(named || config.page || (config.pages === "path" && location.pathname), 200) }).slice(1)}`
		const samples = event.getCoalescedEvents?.()
		for (const { timeStamp, clientX: x, clientY: y } of samples?.length ? samples : [event]) {
			const own = origin + timeStamp
			const time = Math.max(last.time, own > before - 500 && own <= at ? own : at - 20)
			if (time - last.time > 25)
				document.elementFromPoint((x + last.x) / 2, (y + last.y) / 2)?.getSVGDocument && enter()
			last = { time, x, y, seq: seq++, scene }
			const key = scene + Math.floor((time + offset) / 36e5)
			if (key !== lastScene || path !== lastPath) last.enter = path !== lastPath
			lastScene = key
			lastPath = path
			counts.captured++
			add(last)
			attempt(() => pointerscope.onsample?.(last))
		}
	}

	const mark = (name, data) => {
		if (!api || ended) return
		const json = attempt(() => encode(data))
		const mark = `"data":${json},${encode({ name: fit(name, 64) }).slice(1)}`
		if (
			new Blob([json?.replace(/\de[+-]/g, Array(40))]).size <= 1024 &&
			/^"data":{([^\\]|\\[^u])*"}$/.test(mark)
		)
			add({ time: now(), seq: seq++, mark })
		else warn("refused a mark")
	}

	const page = (name) => {
		named = name
	}

	const drop = (from, count) => {
		queue.splice(from, count)
		counts.dropped += count
		const next = queue.slice(from).find((item) => item.scene)
		if (next) next.enter = true
		else enter()
	}

	const cut = (from) => {
		const [events, scenes, marks] = [[], [], []]
		for (const { time, seq, scene, mark, ...sample } of queue.slice(from, from + 500)) {
			const line = (text) => `{"time":${time + offset},"seq":${seq},${text}`
			if (mark) marks.push(line(mark))
			else events.push(line(encode(sample).slice(1)))
			if (sample.enter != null) scenes.push(line(scene))
			if (events.length + 14 * scenes.length + 14 * marks.length > 500) break
		}
		const body = `{"events":[${events}],${scenes[0] ? `"scenes":[${scenes}],` : ""}${marks[0] ? `"marks":[${marks}],` : ""}"token":"${session.write_token}"}`
		return { body, count: events.length + marks.length }
	}

	const call = async (path, options) => {
		const sent = now()
		let [status, pause, data] = [0, 0]
		try {
			const response = await fetch(api + path, {
				method: "POST",
				keepalive: true,
				redirect: "error",
				referrerPolicy: "no-referrer",
				signal: AbortSignal.timeout?.(15000),
				...options,
			})
			status = response.status
			pause = Math.min(response.headers.get("Retry-After") * 1000 || 0, 36e5)
			data = await response.json()
		} catch {}
		const took = now() - sent
		if (data?.server_time && !(took > best)) {
			best = took
			offset = Date.parse(data.server_time) - sent - took / 2
		}
		problem = status < 300 ? null : { status, code: data?.code }
		const ok = session
			? status === 202
			: /^[\da-f-]{36}[\w:.-]+$/.test(data?.instance_id + data?.write_token)
		return { ok, status, data, took, pause, done: ok || (data && /^4(?!08|29)/.test(status)) }
	}

	const insist = async (path, options) => {
		while (session || !ended) {
			const answer = await call(path, options)
			connection = answer.done ? "live" : "offline"
			if (answer.done) return answer
			const ms = (Math.random() + 1) * Math.min(10000, 250 * 2 ** failures++)
			await new Promise((resolve) => {
				setTimeout(resolve, ms + answer.pause)
				wake = (now) => (now || !answer.pause) && resolve()
			})
		}
		return {}
	}

	const send = async () => {
		timer = null
		if (sending || !session || !queue.length) return
		measure()
		const { body, count } = cut(0)
		sending = count
		failures = 0
		const { ok, status, data, took } = await insist(`${home}events/`, { body })
		sending = 0
		if (ok) {
			queue.splice(0, count)
			for (const name of Object.keys(counts)) counts[name] += data?.[name] || 0
			roundTrip = took
		} else {
			drop(0, count)
			best = NaN
			await call("../time/", { method: "GET" })
		}
		if (/40[134]/.test(status)) {
			drop(0, queue.length)
			if (renewed || config.logOn) ended ||= "denied"
			renewed = true
			started = session = null
			setTimeout(start, Math.random() * 5000)
		}
		if (queue.length) timer = setTimeout(send, queue.length < 500 ? interval : 0)
		else attempt(forget)
	}

	const forget = () => localStorage.removeItem(storage + seed)

	const keptKeys = () => Object.keys(localStorage).filter((key) => key.startsWith(storage))

	const keep = () => {
		sessionStorage.setItem(storage, encode(session))
		forget()
		let text = home
		let from = 0
		while (queue[from] && from < 3000) {
			const { body, count } = cut(from)
			text += `\n${body}`
			from += count
		}
		if (from && keptKeys().length < 4) localStorage.setItem(storage + seed, text)
	}

	const recall = () => {
		const text = sessionStorage.getItem(storage)
		sessionStorage.removeItem(storage)
		return text
	}

	const sendKept = async () => {
		for (const key of keptKeys()) {
			const text = localStorage.getItem(key)
			const [path, ...bodies] = text.split("\n")
			if (/^[\da-f-]{36}\/$/.test(path))
				for (const body of bodies) if (!(await call(`${path}events/`, { body })).done) return
			if (localStorage.getItem(key) === text) localStorage.removeItem(key)
		}
	}

	const hide = (leaving) => {
		enter()
		if (!session) return
		attempt(keep)
		const { body, count } = cut(problem ? 0 : sending)
		if (count) call(`${home}events/`, { body })
		if (leaving) return call(`${home}log-off/`, { body: `{"token":"${session.write_token}"}` })
	}

	const warn = (why) => attempt(() => console.warn(`Pointerscope ${why}`))

	const listen = (name, handler) =>
		addEventListener(name, (event) => ended || attempt(() => handler(event)), true)

	const until = (name) => new Promise((resolve) => listen(name, resolve))

	const prepare = async () => {
		if (document.prerendering) await until("prerenderingchange")
		config = settings()
		api = attempt(
			() => new URL(`${config.api || "/api/v1/"}browsers/`, config.endpoint || src).href,
		)
		if (!api) throw "has no endpoint"
		storage = `pointerscope ${api}`
		label ||= config.label
		measure()
		listen("resize", measure)
		attempt(() => new ResizeObserver(measure).observe(document.documentElement))
		listen("pointermove", capture)
		listen("pointerover", (event) => event.composedPath()[0].getSVGDocument && enter())
		document.documentElement.addEventListener("pointerleave", enter)
		addEventListener("blur", enter)
		listen("online", () => wake?.())
		listen("visibilitychange", () => {
			if (document.hidden) return hide()
			wake?.()
			recall()
		})
		listen("pagehide", ({ persisted }) => hide(!persisted))
	}

	const run = async () => {
		if (!api) await prepare()
		connection = "connecting"
		const headers = { "X-CSRFToken": config.csrfToken }
		const kept = attempt(() => JSON.parse(recall()))
		let answer = config.logOn ? await insist(config.logOn, { headers }) : {}
		for (const own of [{ ...kept, label }, kept, { label }, {}])
			if (!answer.ok) answer = await insist("", { body: attempt(() => encode(own)) })
		if (!answer.ok) {
			if (ended) return
			ended = "denied"
			throw "was refused"
		}
		await call("../time/", { method: "GET" })
		await call("../time/", { method: "GET" })
		const { instance_id, write_token } = answer.data
		interval = answer.data.config?.flush_interval_ms
		session = { instance_id, write_token }
		home = `${instance_id}/`
		sendKept().catch(() => {})
		send()
		return { instanceId: instance_id, token: write_token, clockOffset: offset }
	}

	const start = async (options) => {
		if (ended) return
		label ||= options?.label
		started ||= outside(run).catch((why) => {
			started = null
			warn(why)
		})
		return started
	}

	const stop = async () => {
		ended ||= "stopped"
		wake?.(true)
		await started
		return hide(true)
	}

	const erase = async () => {
		queue.length = 0
		await stop()
		attempt(recall)
		if (!session) return false
		const headers = { Authorization: `Bearer ${session.write_token}` }
		return /[20]4$/.test((await call(home, { method: "DELETE", headers })).status)
	}

	const state = () => ({
		...counts,
		problem,
		optedOut,
		roundTrip,
		connection: ended || connection,
		queued: queue.length,
		oldestQueued: queue[0]?.time,
	})

	const outside = (act) => window.Zone?.root?.run?.(act) ?? act()
	window.pointerscope = { start, stop, erase, state, mark, page }
	outside(async () => {
		if (document.readyState === "loading") await until("DOMContentLoaded")
		if (mayStart() && !optedOut) start()
	})
})()
