/* SPDX-License-Identifier: ISC */
/* What the network driver agrees on with its device, and what follows from it (VIRTIO 5.1.3, 5.1.4.2, 5.1.6). */
#include "base/log.h"
#include "driver/net_internal.h"

#define NET_FEATURES (VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MTU)
/* What needs no code of its own. */
#define NET_EXTRAS (VIRTIO_NET_F_SPEED_DUPLEX | VIRTIO_F_IN_ORDER)
#define NET_SEND_TSO (VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6)
#define NET_SEND_LARGE (NET_SEND_TSO | VIRTIO_NET_F_HOST_USO)
#define NET_RECEIVE_TSO (VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6)
#define NET_RECEIVE_LARGE (NET_RECEIVE_TSO | VIRTIO_NET_F_GUEST_USO4 | VIRTIO_NET_F_GUEST_USO6)
/* Those that give the header of a received frame a meaning, and of one to transmit. */
#define NET_RECEIVE_OFFLOADS (VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_HASH_REPORT)
#define NET_TRANSMIT_OFFLOADS (VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_HASH_REPORT)
/* 5.1.6.3.1: without merging, a buffer for large frames has 65601 bytes with the header. */
#define NET_LARGE_BUFFER (65601u - VIRTIO_NET_HDR_SIZE)

#define NET_RULES_MOST 32 /* of all that may be named */

/* Add RULES, which may be NULL, to those at TO. Returns where the next go. */
static struct virtio_feature_rule *add_rules(struct virtio_feature_rule *to, const struct virtio_feature_rule *rules)
{
	for (; rules && rules->feature; rules++)
		*to++ = *rules;
	return to;
}

/* The rules of 5.1.3.1 for what the runtime named. What needs nothing named has none. */
static void collect_rules(const struct virtio_net_options *options, struct virtio_feature_rule rules[NET_RULES_MOST])
{
	struct virtio_feature_rule *end = add_rules(rules, options->offload ? options->offload->rules : NULL);
	end = add_rules(end, options->control ? options->control->rules : NULL);
	*end = (struct virtio_feature_rule){0, 0};
}

/* FEATURES, and what they need. Rules that a needed one brings in stand further down, or are seen in another round. */
static uint64_t with_needs(uint64_t features, const struct virtio_feature_rule *rules)
{
	for (uint64_t before = ~features; before != features;) {
		before = features;
		for (const struct virtio_feature_rule *rule = rules; rule->feature; rule++)
			if (features & rule->feature && !(features & rule->needs))
				features |= rule->needs;
	}
	return features;
}

/* All that we have the code for. */
static uint64_t known_features(const struct virtio_net_options *options)
{
	return NET_FEATURES | NET_EXTRAS | (options->offload ? options->offload->features : 0) |
	       (options->control ? options->control->features : 0);
}

static uint64_t wanted_features(const struct virtio_net_options *options, const struct virtio_feature_rule *rules)
{
	uint64_t wanted = NET_FEATURES | options->wanted | options->required;
	if (options->pairs > 1)
		wanted |= VIRTIO_NET_F_MQ;
	if (wanted & NET_SEND_LARGE) /* our users tell exact lengths, so we may promise them (5.1.6.2.1) */
		wanted |= VIRTIO_NET_F_GUEST_HDRLEN;
	return with_needs(wanted, rules) & known_features(options);
}

/* Whether an MTU that the device tells is one to live with. */
static bool mtu_acceptable(const struct virtio_net *net, uint16_t mtu, bool refuse_mtu)
{
	if (mtu < VIRTIO_NET_MIN_MTU) {
		virtio_log(net->device->platform, VIRTIO_LOG_WARNING, "%s: its MTU of %u is too small, using %u",
			net->device->name, mtu, VIRTIO_NET_DEFAULT_MTU);
		return false;
	}
	return !refuse_mtu || mtu <= VIRTIO_NET_DEFAULT_MTU;
}

/* To accept MTU is to promise to live with it (5.1.4.2). Adds it to *BAD where its value is out of the question. */
static int look_at_mtu(struct virtio_net *net, const struct virtio_net_options *options, uint64_t *bad)
{
	uint16_t mtu;
	net->mtu = VIRTIO_NET_DEFAULT_MTU;
	if (!virtio_device_has(net->device, VIRTIO_NET_F_MTU))
		return 0;
	int result = virtio_device_config16(net->device, VIRTIO_NET_CONFIG_MTU, &mtu);
	if (result < 0)
		return result;
	if (mtu_acceptable(net, mtu, options->refuse_mtu))
		net->mtu = mtu;
	else
		*bad |= VIRTIO_NET_F_MTU;
	return 0;
}

/* Features that nobody named the code for, but that the runtime cannot do without. */
static int check_required(const struct virtio_net *net, const struct virtio_net_options *options)
{
	uint64_t missing = options->required & ~known_features(options);
	if (!missing)
		return 0;
	virtio_log(net->device->platform, VIRTIO_LOG_ERROR,
		"%s: features 0x%llx are required, but not known or not named in options.offload or options.control",
		net->device->name, (unsigned long long)missing);
	return VIRTIO_ERR_UNSUPPORTED;
}

int virtio_net_negotiate(struct virtio_net *net, const struct virtio_net_options *options, uint64_t excluded)
{
	struct virtio_feature_rule rules[NET_RULES_MOST];
	collect_rules(options, rules);
	uint64_t wanted = wanted_features(options, rules) & ~excluded;
	int result = check_required(net, options);
	net->max_pairs = 1;
	/* Where a value is out of the question, the device is reset and asked again without its feature. */
	for (uint64_t bad = 1; result == 0 && bad; wanted &= ~bad) {
		bad = 0;
		result = virtio_device_begin(net->device, wanted, options->required, rules);
		if (result == 0)
			result = look_at_mtu(net, options, &bad);
		if (result == 0 && options->control)
			result = options->control->look(net, &bad);
	}
	net->features = net->device->features;
	net->mtu_limit = net->mtu;
	return result;
}

void virtio_net_pair_settle(
	struct virtio_net *net, struct virtio_net_pair *pair, const struct virtio_net_options *options)
{
	uint64_t features = net->features;
	bool version_1 = (features & VIRTIO_F_VERSION_1) != 0;
	uint32_t longest = net->mtu_limit + (uint32_t)VIRTIO_NET_ETHERNET;
	bool large = (features & NET_RECEIVE_LARGE) != 0;

	pair->net = net;
	pair->merge = (features & VIRTIO_NET_F_MRG_RXBUF) != 0;
	pair->header_size = version_1 || pair->merge ? VIRTIO_NET_HDR_SIZE : VIRTIO_NET_HDR_SIZE_LEGACY;
	if (features & VIRTIO_NET_F_HASH_REPORT)
		pair->header_size = VIRTIO_NET_HDR_SIZE_HASH;
	pair->own_header = !version_1 && !(features & VIRTIO_F_ANY_LAYOUT);
	pair->transmit.longest = longest;
	pair->transmit.longest_gso = VIRTIO_NET_LONGEST;
	pair->receive.longest = longest + VIRTIO_NET_VLAN;
	pair->receive.longest_gso = large ? VIRTIO_NET_LONGEST + VIRTIO_NET_VLAN : pair->receive.longest;
	pair->receive.least = VIRTIO_NET_HEADROOM + (large ? NET_LARGE_BUFFER : longest);
	if (pair->merge)
		pair->receive.least = VIRTIO_NET_LEAST_BUFFER;
	pair->receive.offload = features & NET_RECEIVE_OFFLOADS ? options->offload : NULL;
	/* Also where only the wish is there: a checksum that the device does not complete is completed in software. */
	pair->transmit.offload = (options->wanted | options->required) & (NET_TRANSMIT_OFFLOADS | NET_SEND_LARGE)
					 ? options->offload
					 : NULL;
}
